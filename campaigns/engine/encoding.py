"""Write decoded values the way documents are stored: the inverse of reading, always in the same form."""

from decimal import Decimal
from typing import Any

from campaigns.engine.fields import Field, attribute_name
from retail import money


def percent_text(millionths: int) -> str:
    """Write a rate in millionths as a percentage: `125_000` is `"12.50"`."""
    text = f"{Decimal(millionths).scaleb(-4):f}"
    whole, _, decimals = text.partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"


def encode(field: Field, value: Any) -> Any:
    """Write a decoded value the way documents are stored: the inverse of reading, always in the same form."""
    if value is None:
        return None
    match field.type:
        case "money":
            return money.text(value)
        case "percent":
            return percent_text(value)
        case "decimal" | "quantity":
            text = f"{value:f}"
            return text.rstrip("0").rstrip(".") if "." in text else text
        case "instant" | "date":
            return value.isoformat()
        case "time":
            return value.isoformat("minutes" if not value.second else "seconds")
        case "list" if field.item is not None:
            return [encode(field.item, item) for item in value]
        case "object":
            return encode_fields(field.fields, value)
        case "value" if isinstance(value, tuple):
            return list(value)
    return value


def encode_fields(declared: tuple[Field, ...], built: Any) -> dict[str, Any]:
    """Write the declared attributes of an object, all of them, in declaration order."""
    return {field.name: encode(field, getattr(built, attribute_name(field.name))) for field in declared}
