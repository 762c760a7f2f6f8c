"""Progress of long work, where somebody looks: on a terminal and in a notebook, silent in logs and pipes.

The environment variable `COMPENDIUM_PROGRESS` decides otherwise: ``0`` never, ``1`` always, or the path of a terminal device
to draw on (a runner gives its own to the kernel it starts, so that bars show where the reader waits and not in the
executed notebook).
"""

import contextlib
import os
import sys
from pathlib import Path

__all__ = ["bar"]


@contextlib.contextmanager
def bar(total, *, label="", unit="task", done=0, show=None):
    """Progress bar for a ``with`` block.

    It appears after two seconds, and goes at the end.

    Parameters
    ----------
    total : int
        Number of steps.
    label, unit : str
        What is done, and the word for a step.
    done : int
        Steps that were done before.
    show : bool, optional
        Draw or not; None asks the environment.

    Yields
    ------
    tqdm.tqdm
        Call its ``update(n)``.
    """
    from tqdm import tqdm

    wish, kernel = os.environ.get("COMPENDIUM_PROGRESS", ""), "ipykernel" in sys.modules
    if show is None:
        show = wish != "0" and (bool(wish) or kernel or sys.stderr.isatty())
    with contextlib.ExitStack() as stack:
        target = sys.stdout if kernel else sys.stderr  # a notebook paints stderr red
        if show and wish not in ("", "0", "1"):
            target = stack.enter_context(Path(wish).open("w", encoding="utf-8"))
        look = {"leave": False, "delay": 0 if wish == "1" else 2, "mininterval": 1.0 if kernel else 0.2}
        yield stack.enter_context(
            tqdm(total=total, initial=done, desc=label or None, unit=unit, disable=not show, file=target, **look)
        )
