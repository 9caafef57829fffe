"""The fields of customers that need reading of their own: documents, telephones, addresses, lists of codes."""

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from customers import documents
from customers.phones import to_e164
from retail.rows import FieldRefused, read_text


@dataclass(frozen=True, slots=True)
class Document:
    """A CPF or CNPJ, with or without mask; null when unknown."""

    default: Any = None

    def read(self, value: Any) -> str | None:
        if value is None or value == "":
            return None
        document = documents.normalize(read_text(value, 32))
        if not documents.is_valid(document):
            raise FieldRefused("document", _("This is not a valid CPF or CNPJ."))
        return document

    def schema(self) -> dict[str, Any]:
        return {"type": ["string", "null"], "maxLength": 32, "examples": ["390.533.447-05"]}


@dataclass(frozen=True, slots=True)
class Phone:
    """A telephone number in any usual form, stored as E.164."""

    default: Any = ""

    def read(self, value: Any) -> str:
        text = read_text(value, 32)
        if not text:
            return ""
        try:
            return to_e164(text)
        except ValueError as error:
            raise FieldRefused("phone", _("This is not a telephone number with its area code.")) from error

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "maxLength": 32, "examples": ["+5511987654321", "(11) 98765-4321"]}


@dataclass(frozen=True, slots=True)
class EmailAddress:
    """An e-mail address, stored in lower case."""

    default: Any = ""

    def read(self, value: Any) -> str:
        text = read_text(value, 254).lower()
        try:
            if text:
                validate_email(text)
        except ValidationError as error:
            raise FieldRefused("email", _("This is not an e-mail address.")) from error
        return text

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "maxLength": 254, "examples": ["ana@example.com"]}


@dataclass(frozen=True, slots=True)
class Groupings:
    """The codes of all groupings that the customer belongs to."""

    default: Any = ()

    def read(self, value: Any) -> list[str]:
        if not isinstance(value, list) or len(value) > 1000:
            raise FieldRefused("type", _("This must be a list."))
        return list(dict.fromkeys(read_text(code, 64, strict=True) for code in value))

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "string", "maxLength": 64}}
