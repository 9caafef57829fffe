"""Between a form and the services that take rows: what a row is made of, and where its errors are shown."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.forms import BaseForm
from django.utils.translation import gettext_lazy as _

from retail.rows import FieldError

# How lists say whether something is in use.
ACTIVE_LABELS = {True: _("Active"), False: _("Inactive")}
ACTIVE_TONES = {True: "success", False: ""}


def row_from(values: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Return a form's cleaned values as a row: objects become their codes, dates ISO text."""
    return {name: _plain(values[name]) for name in names if name in values}


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return getattr(value, "code", value)


def add_row_errors(form: BaseForm, errors: Iterable[FieldError]) -> None:
    """Show what a service refused beside the fields that it names; what has no field stands above the form."""
    for error in errors:
        name = error.path.partition("[")[0].partition(".")[0]
        form.add_error(name if name in form.fields else None, error.message)
