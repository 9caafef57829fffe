"""Numbers that a page sends back as text. Anybody can send anything."""

# What a 32-bit and a 64-bit column certainly hold.
_DIGITS = 9
_DIGITS_OF_A_KEY = 18


def typed_number(text: str) -> int | None:
    """Return a whole number of at most nine digits, such as a version; None for any other text."""
    return _whole(text, _DIGITS)


def typed_key(text: str) -> int | None:
    """Return the primary key that a text names; None for a text that names none."""
    return _whole(text, _DIGITS_OF_A_KEY)


def _whole(text: str, digits: int) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= digits else None
