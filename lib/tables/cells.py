"""One cell of a number column: empty, a number, a censored value, or a fault with what to write instead."""

from __future__ import annotations

import math
import re
from collections import Counter

_NUMBER = re.compile(r"[+-]?(?:\d+[.,]?\d*|[.,]\d+)(?:[eE][+-]?\d+)?", re.ASCII)
# 1,234 may be 1.234 or 1234; 0,123 and 1,23 can only be decimals
_AMBIGUOUS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}", re.ASCII)
_THOUSANDS = re.compile(r"([+-]?\d{1,3}([.,'’ \u00a0\u2009\u202f])\d{3}(?:\2\d{3})*)([.,]\d+)?", re.ASCII)
_SENTINELS = re.compile(r"-9{2,5}(?:[.,]9{0,2}0*)?", re.ASCII)
_NOT_DETECTED = re.compile(r"<?\s*(b\.?d\.?(l\.?)?|lod|blod|dl|bdl|mdl|loq)|<|tr\.?|trace", re.IGNORECASE)
_MISSING = re.compile(r"#?n/?a|n\.a\.?|[+-]?nan|null|none|nil|missing|[-–—−.?x*]+|[+-]?inf(inity)?", re.IGNORECASE)
_EITHER = re.compile(r"n\.?/?d\.?|not det(ermined|ected)?\.?", re.IGNORECASE)
ADVICE = "leave empty if not analysed, write <0.05 (your detection limit) if below detection"


def decimal_style(texts) -> tuple[str | None, Counter]:
    """Find the decimal mark of a file from all its number cells.

    Parameters
    ----------
    texts : iterable of str
        Stripped cells of all number columns, censored ones with their ``<``.

    Returns
    -------
    style : {".", ",", None}
        The decimal mark of most numbers; a full stop when no cell tells. None when the only commas are of the form
        ``1,234``, which may be 1.234 or 1234.
    seen : Counter
        Number of cells with ".", with "," and with an ambiguous comma (key "?").
    """
    seen = Counter()
    for text in texts:
        bare = text.lstrip("< ")
        if _NUMBER.fullmatch(bare):
            seen["." if "." in bare else "?" if _AMBIGUOUS.fullmatch(bare) else "," if "," in bare else "0"] += 1
    if seen["."] >= seen[","] and (seen["."] or not seen["?"]):
        return ".", seen
    return ("," if seen[","] else None), seen


def parse_cell(text: str, style: str | None, *, censored: bool = False) -> tuple[str, float, str]:
    """Read one stripped cell of a number column.

    Parameters
    ----------
    text : str
        The cell without spaces around it.
    style : {".", ",", None}
        Decimal mark of the file, as returned by `decimal_style`.
    censored : bool
        True where ``<0.05`` is allowed.

    Returns
    -------
    kind : {"empty", "number", "censored", "fault"}
        What the cell is.
    value : float
        The number, or the detection limit of a censored cell, else NaN.
    message : str
        For a fault: what is wrong and what to write instead.
    """
    if not text:
        return "empty", math.nan, ""
    if text[0] == "<" and len(text) > 1 and not _NOT_DETECTED.fullmatch(text):
        kind, limit, message = parse_cell(text[1:].strip(), style)
        if kind != "number":
            return "fault", math.nan, message or f"'{text}' has no detection limit; write <0.05, for example"
        if not censored:
            message = f"'{text}': a value below detection is not allowed in this column; write a number, or leave it empty"
            return "fault", math.nan, message
        if limit <= 0:
            return "fault", math.nan, f"'{text}' is not a detection limit; the number after < must be above zero"
        return "censored", limit, ""
    if not _NUMBER.fullmatch(text):
        return "fault", math.nan, _why_no_number(text, censored)
    mark = "." if "." in text else "," if "," in text else ""
    if mark and mark != style:
        return "fault", math.nan, _why_mark(text, mark, style)
    value = float(text.replace(",", "."))
    if math.isinf(value):
        return "fault", math.nan, f"'{text}' is too large to be a number; write the measured value"
    return "number", value, ""


def is_sentinel(text: str) -> bool:
    """Tell whether a cell is one of -99, -999, -9999 (-99.9, -999.00 ...), which stand for 'missing' in many tables."""
    return bool(_SENTINELS.fullmatch(text))


def _why_mark(text, mark, style):
    """Explain a decimal mark that is not the one of the file."""
    if style is None:
        whole = text.replace(",", "")
        return (f"'{text}' may be {text.replace(',', '.')} or {whole}, and nothing else in the file tells which; "
                f"write {text.replace(',', '.')} or {whole}")  # fmt: skip
    names = {".": "point", ",": "comma"}
    message = f"'{text}' has a decimal {names[mark]}, but most numbers of this file have a decimal {names[style]}; "
    if re.fullmatch(r"[+-]?[1-9]\d{0,2}[.,]\d{3}", text):
        return f"{message}write {text.replace(mark, style)}, or {text.replace(mark, '')} if it is a thousands separator"
    return f"{message}write {text.replace(mark, style)}"


def _why_no_number(text, censored):
    """Explain a cell that is no number, and say what to write."""
    empty = ADVICE if censored else "write a number, or leave it empty if there is none"
    if _NOT_DETECTED.fullmatch(text):
        limit = "write < and the detection limit, such as <0.05" if censored else empty
        return f"'{text}' does not say how small the value is; {limit}"
    if _EITHER.fullmatch(text):
        return f"'{text}' may mean not determined or not detected; {empty}"
    if _MISSING.fullmatch(text):
        return f"'{text}' is not a number; {empty}"
    thousands = _THOUSANDS.fullmatch(text)
    if thousands:
        bare = thousands[1].replace(thousands[2], "") + (thousands[3] or "")
        return f"'{text}' has thousands separators; write {bare}, without them"
    if text[0] in ">≥":
        return f"'{text}': a value above the upper limit cannot be used; write the number, or leave it empty"
    if text[0] == "≤":
        return f"'{text}' is not a number; write <{text[1:].strip()} if it is below detection"
    if text[0] in "−–" and _NUMBER.fullmatch(text[1:].strip()):
        return f"'{text}' has a typographic minus sign; write -{text[1:].strip()}"
    head = re.match(r"[+-]?(?:\d+[.,]?\d*)(?:[eE][+-]?\d+)?", text, re.ASCII)
    if head and head[0] != text:
        return f"'{text}' is not a number; write {head[0]} alone, without unit, mark or remark"
    return f"'{text}' is not a number; {empty}"
