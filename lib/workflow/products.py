"""Files of one figure: picture, vector form and the numbers behind it, the same bytes each time."""

from __future__ import annotations

import io
import os
from pathlib import Path

from lib.workflow.paths import write_atomic

PNG_BYTES = 200_000  # about the largest picture that belongs in the repository
PNG_DPI = 200
# Any fixed moment will do: it keeps the clock out of the files.
EPOCH = "1577836800"


def watermark(fig, text: str) -> None:
    """Write a large pale text across a figure (quick mode), once."""
    if not any(artist.get_gid() == "watermark" for artist in fig.texts):
        mark = fig.text(
            0.5, 0.5, text, ha="center", va="center", rotation=25, fontsize=26, color="0.5", alpha=0.35, zorder=1000
        )
        mark.set_gid("watermark")
        mark.set_in_layout(False)


def warning_line(fig, text: str) -> None:
    """Draw a failed headline diagnostic along the lower edge of a figure, replacing an earlier line."""
    for artist in [artist for artist in fig.texts if artist.get_gid() == "diagnostic"]:
        artist.remove()
    if text:
        line = fig.text(0.5, -0.01, text, ha="center", va="top", fontsize=7, color="#A00000", wrap=False)
        line.set_gid("diagnostic")


def draw(fig) -> dict[str, bytes]:
    """Render a figure as PNG and SVG with deterministic bytes.

    Returns
    -------
    dict of str to bytes
        By suffix, ``".png"`` (reduced to 256 colours when it would be over 200 kB) and ``".svg"``.
    """
    import matplotlib as mpl

    os.environ.setdefault("SOURCE_DATE_EPOCH", EPOCH)
    out = {}
    with mpl.rc_context({"svg.hashsalt": "solid-earth-compendium"}):
        for suffix, options in ((".png", {"dpi": PNG_DPI}), (".svg", {"metadata": {"Date": None}})):
            stream = io.BytesIO()
            fig.savefig(stream, format=suffix[1:], bbox_inches="tight", pad_inches=0.04, **options)
            out[suffix] = stream.getvalue()
    if len(out[".png"]) > PNG_BYTES:
        out[".png"] = fewer_colours(out[".png"])
    return out


def fewer_colours(png: bytes, *, colours: int = 256, width: int | None = None) -> bytes:
    """Reduce a PNG to a palette (and to a width in pixels): line drawings keep their look at a third of the bytes."""
    from PIL import Image

    with Image.open(io.BytesIO(png)) as image:
        flat = Image.new("RGB", image.size, "white")
        flat.paste(image, mask=image.getchannel("A") if image.mode == "RGBA" else None)
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
        data = pd.concat(parts, ignore_index=True)
    if not isinstance(data, pd.DataFrame) or data.empty:
        message = f"the numbers behind a figure are a non-empty DataFrame or a dict of them, got {type(data).__name__}"
        raise TypeError(message)
    return data.to_csv(index=False, float_format="%.9g", lineterminator="\n")


def save(fig, folder: Path, name: str) -> bytes:
    """Write ``<name>.png`` and ``<name>.svg`` atomically; return the PNG."""
    files = draw(fig)
    for suffix, content in files.items():
        write_atomic(folder / f"{name}{suffix}", content)
    return files[".png"]
