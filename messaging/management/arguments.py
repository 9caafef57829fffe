from argparse import ArgumentTypeError
from datetime import datetime

from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_naive

from retail.moments import can_be_stored


def moment(text: str) -> datetime:
    """Read an argument such as 2026-11-22T10:00:00-03:00; an offset is required."""
    try:
        value = parse_datetime(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from error
    if value is None or is_naive(value) or not can_be_stored(value):
        raise ArgumentTypeError(f"{text!r} is no moment with an offset, such as 2026-11-22T10:00:00-03:00.")
    return value
