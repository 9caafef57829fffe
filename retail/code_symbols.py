"""A code as a barcode and as a QR code: SVG that a page can hold, encoded by libraries."""

import io
from itertools import groupby

import barcode
import segno

# The empty space that a scanner wants on both sides, in widths of the narrowest bar.
QUIET = 10
# Code 128 has no sign for others.
_ENCODABLE = range(32, 127)


def can_be_barcode(text: str) -> bool:
    """Say whether a barcode can carry a text: printable ASCII, short enough for a card."""
    return 0 < len(text) <= 40 and all(ord(symbol) in _ENCODABLE for symbol in text)


def barcode_svg(text: str) -> str:
    """Return a Code 128 barcode of a text as an `<svg>` element, without the text below it. Empty when it cannot be one."""
    if not can_be_barcode(text):
        return ""
    [modules] = barcode.get("code128", text).build()
    bars, start = [], 0
    for is_bar, run in groupby(modules):
        width = len(list(run))
        if is_bar == "1":
            bars.append(f"M{start + QUIET} 0h{width}v1h-{width}z")
        start += width
    width = start + 2 * QUIET
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} 1" preserveAspectRatio="none" class="barcode">'
        f'<path d="{"".join(bars)}"/></svg>'
    )


def qr_svg(text: str) -> str:
    """Return a QR code of a text as an `<svg>` element; it can be read with a tenth of it gone."""
    drawn = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        drawn, kind="svg", xmldecl=False, svgns=True, border=2, omitsize=True
    )
    return drawn.getvalue().decode().strip()
