"""Run notebooks, record what they find, and publish figures, numbers and pages. Knows nothing of geology."""

from __future__ import annotations

__all__ = ["Run"]


def __getattr__(name: str):
    # The rebuild check and the command line stay light: the recorder (pandas, matplotlib) loads on first use.
    if name == "Run":
        from lib.workflow.record import Run

        return Run
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
