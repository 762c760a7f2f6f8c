"""JupyterLab set up for notebooks kept as text: a double click on a ``.py`` file opens it as a notebook.

The setting belongs to the environment (``<environment>/etc/jupyter/labconfig``), so that nothing in the reader's home changes
and other environments keep their own way.  (``jupytext-config set-default-viewer`` writes the same setting to the home.)
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from lib.workflow.paths import ROOT, UsageError, short, write_atomic

SETTINGS = {
    "@jupyterlab/docmanager-extension:plugin": {"defaultViewers": {"python": "Jupytext Notebook"}},
    # otherwise every start asks the network for news and new versions
    "@jupyterlab/apputils-extension:notification": {"checkForUpdates": False, "fetchNews": "false"},
}


def settings_file(prefix=None) -> Path:
    """Where an environment (by default the running one) keeps JupyterLab's default settings."""
    return Path(prefix or sys.prefix) / "etc" / "jupyter" / "labconfig" / "default_setting_overrides.json"


def install_default_viewer(prefix=None) -> Path:
    """Make JupyterLab of an environment open ``.py`` files as notebooks; do nothing if it already does.

    Parameters
    ----------
    prefix : path, optional
        The environment; by default the running one.

    Returns
    -------
    Path
        The settings file. Other settings in it are kept.

    Raises
    ------
    UsageError
        When the file that is there is not a JSON object, or cannot be written.
    """
    path = settings_file(prefix)
    try:
        present = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except ValueError as error:
        raise UsageError(f"{path} is not JSON ({error}): repair or remove it, then run this again") from error
    if not isinstance(present, dict):
        raise UsageError(f"{path} holds {type(present).__name__}, expected a JSON object: repair or remove it")
    wanted = _merged(present, SETTINGS)
    if wanted != present:
        try:
            write_atomic(path, json.dumps(wanted, indent=2) + "\n")
        except OSError as error:
            raise UsageError(f"{path} cannot be written ({error}): in JupyterLab use Open With > Notebook instead") from error
    return path


def _merged(below: dict, above: dict) -> dict:
    """`below` with the values of `above` in it, folder by folder."""
    merged = dict(below)
    for key, value in above.items():
        inner = merged.get(key)
        merged[key] = _merged(inner, value) if isinstance(value, dict) and isinstance(inner, dict) else value
    return merged


def command(arguments=(), *, root=ROOT) -> list[str]:
    """Command line that opens JupyterLab of this environment on a clone's notebooks; further arguments go to JupyterLab."""
    fixed = [f"--ServerApp.root_dir={root}", "--LabApp.default_url=/lab/tree/notebooks"]
    return [sys.executable, "-m", "jupyterlab", *fixed, *arguments]


def environment() -> dict[str, str]:
    """Environment of a kernel: as `make` gives it, so that a notebook gives the same numbers here."""
    from lib.workflow.runner import KERNEL_ENVIRONMENT

    return {name: value for name, value in KERNEL_ENVIRONMENT.items() if name != "MPLBACKEND"} | dict(os.environ)


def start(arguments=()) -> int:
    """Open JupyterLab on the notebooks and wait until it is closed.

    Parameters
    ----------
    arguments : sequence of str
        Passed on to JupyterLab, for instance ``--no-browser``.

    Returns
    -------
    int
        Its exit code.
    """
    install_default_viewer()
    process = subprocess.Popen(command(arguments), env=environment(), cwd=ROOT)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:  # JupyterLab got it too and asks whether to stop
            continue


if __name__ == "__main__":
    try:
        print(f"JupyterLab opens .py files as notebooks ({short(install_default_viewer())})")
    except UsageError as fault:  # notebooks can still be opened by the menu: not a reason to stop the set-up
        print(fault, file=sys.stderr)
