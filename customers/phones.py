"""Telephone numbers in their one stored form, E.164 ("+5511987654321")."""

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType, ValidationResult

_BRAZIL = 55
_BRAZILIAN_DIGITS = 10


def to_e164(text: str, region: str = "BR") -> str:
    """Return a number, written in any usual way, as E.164; without a country code it belongs to ``region``.

    Numbers that are possible but not in today's plan (mobiles of eight digits) are taken: customers have them
    and only a message that fails proves them wrong. Raises ValueError for anything that cannot be dialled.
    """
    try:
        number = phonenumbers.parse(text, region)
    except NumberParseException as error:
        raise ValueError("not a telephone number") from error
    if phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        raise ValueError("not a telephone number")
    # The plan's data also allow shorter numbers here: what people write when they leave the area code out.
    if number.country_code == _BRAZIL and len(str(number.national_number)) < _BRAZILIAN_DIGITS:
        raise ValueError("a telephone number without area code")
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def readable(phone: str) -> str:
    """Return a stored number as people write it: "(11) 98765-4321", with its country's code when foreign."""
    if not phone:
        return ""
    number = phonenumbers.parse(phone)
    national = number.country_code == _BRAZIL
    return phonenumbers.format_number(
        number, PhoneNumberFormat.NATIONAL if national else PhoneNumberFormat.INTERNATIONAL
    )


def is_mobile(phone: str) -> bool:
    """Say whether a stored number may be a mobile: anything that the numbering plan does not know as a landline."""
    kind = phonenumbers.number_type(phonenumbers.parse(phone))
    return kind != PhoneNumberType.FIXED_LINE
