"""Set up the environment. Runs under any Python 3.8+ with the standard library alone, before anything is installed.

``python3 lib/workflow/bootstrap.py`` makes ``.venv`` from ``requirements.lock`` (versions and hashes, checked on install),
with uv for speed and pip when uv cannot be had, then installs ``lib`` itself. ``--active`` uses the running environment.
"""

import glob
import hashlib
import os
import re
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LOCK = os.path.join(ROOT, "requirements.lock")
OLDEST = (3, 11)


def stop(text):
    """End with a message for people."""
    sys.exit("set-up: " + text)


def version_of(python):
    """Version of an interpreter as a pair, or None when it does not run."""
    try:
        text = subprocess.run(
            [python, "-c", "import sys; print(*sys.version_info[:2])"], capture_output=True, text=True, check=True
        ).stdout
        return tuple(map(int, text.split()))
    except (OSError, subprocess.CalledProcessError, ValueError):
        return None


def find_python():
    """The first interpreter that is new enough; the running one is preferred."""
    names = [sys.executable, "python3"] + ["python3.%d" % minor for minor in range(14, OLDEST[1] - 1, -1)]
    seen = []
    for name in names:
        path = shutil.which(name) if name else None
        version = version_of(path) if path else None
        if version:
            seen.append("%s is %d.%d" % ((path, *version)))
            if version >= OLDEST:
                return path
    return stop(
        "Python %d.%d or newer is needed (%s). On Debian or Ubuntu: apt install python3 python3-venv"
        % ((*OLDEST, "; ".join(seen) or "none found"))
    )


def run(command, quiet=False):
    """Run a command; True when it succeeded."""
    environment = dict(os.environ, PIP_DISABLE_PIP_VERSION_CHECK="1", UV_PYTHON_DOWNLOADS="never", PYTHONDONTWRITEBYTECODE="")
    return subprocess.run(command, env=environment, stderr=subprocess.DEVNULL if quiet else None, check=False).returncode == 0


def state():
    """What an environment was made from: it is ready while this has not changed."""
    digest = hashlib.sha256()
    for name in ("requirements.lock", "pyproject.toml", os.path.join("lib", "workflow", "bootstrap.py")):
        with open(os.path.join(ROOT, name), "rb") as stream:
            digest.update(stream.read())
    return digest.hexdigest() + "\n" + ROOT + "\n"


def locked(package):
    """The lock's lines of one package: version and hashes."""
    with open(LOCK, encoding="utf-8") as stream:
        text = stream.read()
    entry = re.search(r"^%s==.*?(?=^[a-zA-Z])" % package, text, re.MULTILINE | re.DOTALL)
    return (
        re.sub(r"^\s+#.*\n", "", entry.group(), flags=re.MULTILINE)
        if entry
        else stop("%s is not in requirements.lock" % package)
    )


def install(python):
    """Install exactly what the lock holds, then lib; uv takes seconds where pip takes a minute and a half."""
    scratch = os.path.join(ROOT, "build")
    os.makedirs(scratch, exist_ok=True)
    wanted = os.path.join(scratch, "uv.lock.txt")
    with open(wanted, "w", encoding="utf-8") as stream:
        stream.write(locked("uv"))
    has_uv = run([python, "-m", "pip", "install", "-q", "--require-hashes", "--no-deps", "-r", wanted], quiet=True)
    if has_uv and run([python, "-m", "uv", "pip", "sync", "-q", "--require-hashes", "--python", python, LOCK], quiet=True):
        pass
    else:
        print("set-up: uv could not do it here; using pip, which takes longer", flush=True)
        if not run([python, "-m", "pip", "install", "-q", "--require-hashes", "--no-deps", "-r", LOCK]):
            stop(
                "the packages of requirements.lock could not be installed (messages above). A network or a package mirror "
                "is needed once; then run `make` again, it goes on from here."
            )
    own = [python, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", "-e", ROOT]
    made = subprocess.run(own, capture_output=True, text=True, check=False)  # its notices alarm without meaning
    if made.returncode:
        print(made.stdout + made.stderr)
        stop("installing the compendium's own lib failed (messages above)")
    run([python, "-m", "lib.workflow.lab"], quiet=False)


def main():
    """Make or refresh the environment; does nothing when it is current."""
    active = "--active" in sys.argv
    if sys.version_info < OLDEST and active:
        stop("PYTHON must be %d.%d or newer" % OLDEST)
    folder = os.path.join(ROOT, ".venv")
    ready = os.path.join(ROOT, "build", ".ready-active") if active else os.path.join(folder, ".ready")
    if os.path.isfile(ready) and open(ready, encoding="utf-8").read() == state():
        os.utime(ready)
        return
    if active:
        python = sys.executable
    else:
        base = find_python()
        candidates = [os.path.join(folder, "bin", "python"), os.path.join(folder, "Scripts", "python.exe")]
        if not any(version_of(path) for path in candidates if os.path.exists(path)):
            print("set-up: making .venv (once; a minute or two, about 1 GB)", flush=True)
            shutil.rmtree(folder, ignore_errors=True)
            if not run([base, "-m", "venv", folder]):
                shutil.rmtree(folder, ignore_errors=True)
                stop("`%s -m venv` failed. On Debian or Ubuntu: apt install python3-venv" % base)
        python = next(path for path in candidates if os.path.exists(path))
    install(python)
    for leftover in glob.glob(os.path.join(ROOT, "*.egg-info")):
        shutil.rmtree(leftover)
    os.makedirs(os.path.dirname(ready), exist_ok=True)
    with open(ready, "w", encoding="utf-8") as stream:
        stream.write(state())
    print("set-up: ready", flush=True)


if __name__ == "__main__":
    main()
