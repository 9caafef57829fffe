"""Reads for the pages of messages."""

from retail.models import Company


def company_name() -> str:
    return Company.objects.values_list("name", flat=True).first() or ""
