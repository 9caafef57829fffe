"""Importing products from a table, looked at before anything is written."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from retail.rows import RowResult
from retail.services.products import upsert_products


def preview_products(*, rows: Sequence[Any]) -> list[RowResult]:
    """Return what `upsert_products` would answer, and write nothing. Raises TooManyRows."""
    with transaction.atomic():
        results = upsert_products(rows=rows)
        transaction.set_rollback(True)
    return results
