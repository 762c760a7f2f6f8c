"""What an analysis hands over: tidy tables by name, messages as text, and diagnostics, the same way in every case.

A case's result inherits `Answer` (one data set) or `Answers` (several groups); it holds ``frames``, or ``groups``.
"""

from __future__ import annotations

import pandas as pd


def _pick(known, name: str, what: str):
    """Return ``known[name]``, or say what there is."""
    if name not in known:
        raise ValueError(f"unknown {what} {name!r}; there are: {', '.join(map(str, known))}")
    return known[name]


class Answer:
    """Access to the tables of one analysis.

    A subclass has ``frames``, a dict of name -> tidy DataFrame, among them ``messages`` (columns level, text) and, where it
    has headline diagnostics, ``diagnostics`` (columns name, value, limit, ok, meaning).
    """

    frames: dict[str, pd.DataFrame]

    def frame(self, name: str) -> pd.DataFrame:
        """Return one tidy frame; that of a step that was not asked for has no rows.

        Raises
        ------
        ValueError
            For an unknown name; the message lists the known ones.
        """
        return _pick(self.frames, name, "frame")

    @property
    def messages(self) -> list[str]:
        """Warnings and notes as text."""
        return [f"{m.level}: {m.text}" for m in self.frames["messages"].itertuples()]

    def diagnostic(self, name: str) -> dict:
        """Return one headline diagnostic: name, value (float or None), limit (float, text or None), ok (bool), meaning.

        Raises
        ------
        ValueError
            For an unknown name; the message lists the known ones.
        """
        rows = {row["name"]: row for row in self.frames["diagnostics"].to_dict("records")}
        row = dict(_pick(rows, name, "diagnostic"))
        for key in ("value", "limit"):
            if not isinstance(row[key], str):
                row[key] = None if pd.isna(row[key]) else float(row[key])
        return row | {"ok": bool(row["ok"])}


class Answers:
    """Access to the tables of an analysis of several groups.

    A subclass has ``groups``, a dict of name -> `Answer`, in the order of the table.
    """

    groups: dict[str, Answer]

    def frame(self, name: str) -> pd.DataFrame:
        """Return one tidy frame over all groups, with the column ``group`` first: ready for `to_csv`."""
        return pd.concat([group.frame(name) for group in self.groups.values()], ignore_index=True)

    @property
    def messages(self) -> list[str]:
        """Warnings and notes of all groups as text."""
        many = len(self.groups) > 1
        return [f"{name}: {text}" if many else text for name, g in self.groups.items() for text in g.messages]
