"""Command line: ``python -m lib.magnetics`` writes the templates of this case again."""

import sys

from .embedded import write_embedded

if __name__ == "__main__":
    sys.stdout.write("".join(f"written: {path}\n" for path in write_embedded()))
