"""Files of one figure: picture, vector form and the numbers behind it, the same bytes each time."""

from __future__ import annotations

import io
import os
import tempfile
from pathlib import Path

# Any fixed moment will do: it keeps the clock out of the files.
EPOCH = "1577836800"


def warning_line(fig, text: str) -> bool:
    """Draw a line of warning at the foot of a figure, replacing an earlier one; True when that changed anything.

    Where a legend stands at the foot, the line goes into the strip of verdicts at the top instead.
    """
    if any(_at_foot(legend) for legend in fig.legends):
        return _warning_strip(fig, text)
    earlier = [artist for artist in fig.texts if artist.get_gid() == "diagnostic"]
    if [artist.get_text() for artist in earlier] == ([text] if text else []):
        return False
    for artist in earlier:
        artist.remove()
    room = 0.16 / fig.get_figheight() if text else 0.0  # inches
    layout = fig.get_layout_engine()
    if layout is not None and "rect" in layout.get():
        layout.set(rect=(0, room, 1, 1 - room))
    if text:
        line = fig.text(0.5, 0.03 / fig.get_figheight(), text, ha="center", va="bottom", fontsize=7, color="#A00000")
        line.set_gid("diagnostic")
        line.set_in_layout(False)
    return True


def _at_foot(legend) -> bool:
    return (getattr(legend, "_outside_loc", None) or "").startswith("lower") and not _is_strip(legend)


def _is_strip(legend) -> bool:
    return (legend.get_gid() or "").startswith("verdict")


def _warning_strip(fig, text: str) -> bool:
    """Draw the warning as a line of the strip of verdicts, replacing an earlier one."""
    from lib import plots

    earlier = getattr(fig, "diagnostic_line", "")
    if earlier == text:
        return False
    for strip in [legend for legend in fig.legends if earlier and _is_strip(legend)]:
        others = [line for line in strip.get_title().get_text().split("\n") if line != earlier]
        strip.remove()
        for line in others:
            plots.verdict_box(fig, line, "warning")
    if text:
        plots.verdict_box(fig, text, "fail")
    fig.diagnostic_line = text
    return True


def save(fig, folder: Path, name: str) -> bytes:
    """Write ``<name>.png`` and ``<name>.svg``, whole or not at all; return the PNG."""
    from lib import plots

    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".draw-") as scratch:
        made = plots.save(fig, Path(scratch) / name)
        png = made[0].read_bytes()
        for path in made:
            os.replace(path, folder / path.name)  # noqa: PTH105
    return png


def fewer_colours(png: bytes, *, colours: int = 256, width: int | None = None) -> bytes:
    """Reduce a PNG to a palette (and to a width in pixels): line drawings keep their look at a third of the bytes."""
    from PIL import Image

    with Image.open(io.BytesIO(png)) as image:
        flat = image.convert("RGB")
    if width is not None and flat.width > width:
        flat = flat.resize((width, round(flat.height * width / flat.width)), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    flat.quantize(colours, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(stream, "PNG", optimize=True)
    return stream.getvalue()


def table_text(data) -> str:
    """Write a frame (or named frames, stacked under a column ``series``) as CSV text, nine significant digits."""
    import pandas as pd

    if isinstance(data, dict):
        parts = [frame.assign(series=name)[["series", *frame.columns]] for name, frame in data.items() if len(frame)]
        data = pd.concat(parts, ignore_index=True) if parts else None
    if not isinstance(data, pd.DataFrame) or data.empty:
        message = f"the numbers behind a figure are a non-empty DataFrame or a dict of them, got {type(data).__name__}"
        raise TypeError(message)
    return data.to_csv(index=False, float_format="%.9g", lineterminator="\n")
