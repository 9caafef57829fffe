"""Products of a markdown to a file that programs read, and that can be sent in again."""

import csv
import io
from collections.abc import Iterator

from campaigns.models import Markdown, MarkdownItem


def export_items(markdown: Markdown) -> Iterator[str]:
    """Yield the lines of a CSV of a markdown's working copy: product, price, percent."""
    yield _line(["product", "price", "percent"])
    items = MarkdownItem.objects.filter(markdown=markdown).order_by("value")
    for value, price, percent in items.values_list("value", "price", "percent").iterator():
        yield _line([value, "" if price is None else str(price), "" if percent is None else str(percent)])


def _line(cells: list[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerow(cells)
    return buffer.getvalue()
