"""What this process remembers of the catalogue: a till's next keystroke is about the products of the one before.

The database notes every change of products, categories and groupings (`CatalogueChange`). Each evaluation learns the
version of the catalogue in the query that it makes anyway, and what was remembered of another version is dropped: never
is an answer made of rows that have changed.
"""

from collections.abc import Mapping

from msgspec import Struct

# Some twenty megabytes; then remembering starts anew.
MOST_ROWS = 50_000


class CatalogueRow(Struct, array_like=True, gc=False):
    """What the catalogue knows of one SKU. Prices are cents."""

    id: int
    sku: str
    code: str
    ncm: str
    categories: tuple[str, ...]
    groupings: tuple[str, ...]
    original_price: int | None
    floor_price: int | None
    discountable: bool


class Remembered:
    """Rows by SKU and the paths of categories by code, of one version of the catalogue. Only ever added to."""

    __slots__ = ("paths", "rows", "version")

    def __init__(self, version: str | None) -> None:
        self.version = version
        self.rows: dict[str, CatalogueRow] = {}
        self.paths: dict[str, tuple[str, ...]] = {}


_remembered = Remembered(None)


def remembered() -> Remembered:
    """Return what this process knows; its version may be outdated until a query says otherwise."""
    return _remembered


def remember(
    asked: Remembered, version: str, rows: list[CatalogueRow], paths: Mapping[str, tuple[str, ...]]
) -> Remembered:
    """Add what was read to what was known when it was asked; begin again with it when the version is another."""
    global _remembered
    known = asked
    if version != asked.version:
        _remembered = known = Remembered(version)
    elif len(asked.rows) > MOST_ROWS:
        # Who asked goes on with all that he needs.
        _remembered = Remembered(version)
    for row in rows:
        known.rows[row.sku] = row
    known.paths.update(paths)
    return known


def forget() -> None:
    """Drop what is remembered, for tests that take the database back in time."""
    global _remembered
    _remembered = Remembered(None)
