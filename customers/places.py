"""Codes of countries and languages, as customers' records have them: "BR", "pt-br"."""

import phonenumbers
from django.conf.locale import LANG_INFO


def is_country(code: str) -> bool:
    """Say whether two letters stand for a country (ISO 3166, upper case): one that has telephones."""
    return code in phonenumbers.SUPPORTED_REGIONS


def is_language(code: str) -> bool:
    """Say whether a code, in lower case, stands for a language, or for one as a country writes it: "en", "pt-br", "es-cl"."""
    language, _dash, region = code.partition("-")
    return code in LANG_INFO or (language in LANG_INFO and is_country(region.upper()))
