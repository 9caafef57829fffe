"""Fills a manager's text with values, under limits, and counts what a text message costs. No Django, no clock.

Liquid, not Django's template engine: a template here is user input. It sees plain values only, has no
loader, and stops when it loops or writes too much.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from liquid import Environment, StrictUndefined, Undefined
from liquid.exceptions import LiquidError, UndefinedError


class TemplateRefused(Exception):
    """A template cannot be used. `code` says why; `params` has the values for the sentence about it."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code, params)
        self.code = code
        self.params = params


class _Limited(Environment):
    loop_iteration_limit = 2_000
    output_stream_limit = 200_000
    local_namespace_limit = 100_000
    context_depth_limit = 10
    block_nesting_limit = 20


# They reach for other templates, and there are none.
_FORBIDDEN_TAGS = ("include", "render")


def _environment(*, html: bool, strict: bool) -> Environment:
    environment = _Limited(autoescape=html, undefined=StrictUndefined if strict else Undefined)
    for tag in _FORBIDDEN_TAGS:
        environment.tags.pop(tag, None)
    # It would switch escaping off for a value that a customer typed.
    environment.filters.pop("safe", None)
    return environment


_ENVIRONMENTS = {
    (html, strict): _environment(html=html, strict=strict)
    for html in (False, True)
    for strict in (False, True)
}


def check(source: str, *, variables: Iterable[str], sample: Mapping[str, Any], html: bool = False) -> None:
    """Refuse a template that could fail later.

    `variables` are the dotted names that may be used ("customer.name"); `sample` holds a value for
    each of them. Raises TemplateRefused: `unknown_variable` (name), `syntax` (message, line).
    """
    allowed = set(variables)
    try:
        template = _ENVIRONMENTS[html, True].from_string(source)
        used = template.analyze().globals
    except LiquidError as error:
        raise _syntax(error) from error
    for name in (_name(variable.segments) for found in used.values() for variable in found):
        if not any(name == known or name.startswith(f"{known}.") for known in allowed):
            raise TemplateRefused("unknown_variable", name=name)
    try:
        template.render(**sample)
    except UndefinedError as error:
        raise TemplateRefused(
            "unknown_variable", name=str(error.message).partition(" is undefined")[0]
        ) from error
    except LiquidError as error:
        raise _syntax(error) from error


def used_variables(source: str) -> set[str]:
    """Return the dotted names that a checked template reads."""
    analysis = _ENVIRONMENTS[False, False].from_string(source).analyze().globals
    return {_name(variable.segments) for found in analysis.values() for variable in found}


def render(source: str, context: Mapping[str, Any], *, html: bool = False) -> str:
    """Fill `source` with `context`; values are escaped when `html`. Raises TemplateRefused(`syntax`)."""
    try:
        return _ENVIRONMENTS[html, False].from_string(source).render(**context)
    except LiquidError as error:
        raise _syntax(error) from error


def _name(segments: Iterable[object]) -> str:
    # Positions in a list ("cart.items[0].name") and computed keys do not name a variable.
    return ".".join(part for part in segments if isinstance(part, str) and part not in ("first", "last"))


def _syntax(error: LiquidError) -> TemplateRefused:
    place = error.context()
    return TemplateRefused("syntax", message=str(error.message), line=place[0] if place else 1)


_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")


def single_line(text: str) -> str:
    """Make a subject: one line, so that no value can add a header of its own."""
    return " ".join(_CONTROL.sub(" ", text).split())


def plain_text(text: str) -> str:
    """Make the body of a text message: no control characters, no outer spaces, at most one empty line in a row."""
    text = _CONTROL.sub("", unicodedata.normalize("NFC", text.replace("\r\n", "\n")))
    text = "\n".join(line.strip() for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", text).strip()


# GSM 03.38: the basic alphabet, and the characters that take two places. Of the letters of Portuguese it
# has à é Ç É Ü ü only: one ã, õ, á, â, ê, í, ó, ô, ú or ç turns the whole message into UCS-2.
_GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_EXTENDED = frozenset("\f^{}\\[~]|€")


@dataclass(frozen=True, slots=True)
class SmsSize:
    """What a text message costs: operators bill per segment."""

    encoding: str  # "GSM-7" or "UCS-2"
    characters: int  # as a person counts them; the company's limit is in these
    units: int  # as the network counts them
    segments: int
    units_per_segment: int
    # The characters that made it UCS-2, in order of appearance.
    expensive: tuple[str, ...] = field(default=())


def measure_sms(text: str) -> SmsSize:
    """Count a text message: encoding, characters, units and segments. An empty text has no segment."""
    expensive = tuple(dict.fromkeys(c for c in text if c not in _GSM_BASIC and c not in _GSM_EXTENDED))
    if expensive:
        # A segment never ends inside a surrogate pair; so count code units, and fill segments character by character.
        widths = [2 if ord(character) > 0xFFFF else 1 for character in text]
        encoding, single, multiple = "UCS-2", 70, 67
    else:
        widths = [2 if character in _GSM_EXTENDED else 1 for character in text]
        encoding, single, multiple = "GSM-7", 160, 153
    units = sum(widths)
    if units <= single:
        return SmsSize(encoding, len(text), units, 1 if units else 0, single, expensive)
    segments, filled = 1, 0
    for width in widths:
        if filled + width > multiple:
            segments, filled = segments + 1, 0
        filled += width
    return SmsSize(encoding, len(text), units, segments, multiple, expensive)
