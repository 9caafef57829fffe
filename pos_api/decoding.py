"""From the bytes of a request to a typed value: strict, fast when all is well, complete when something is wrong.

The happy path is one msgspec decode and a few scans of the bytes. Only when that fails does the slow path run: it reads
the text again with the standard library, which can tell a repeated key from a lone surrogate, and then walks the
declared type to collect every error by its path (`pos_api.validation`).
"""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Generic, TypeVar

import msgspec
from django.http import HttpRequest
from django.utils.translation import gettext as _
from msgspec import inspect

from pos_api.fields import UNCLEAN, read_custom, read_memoised
from pos_api.problems import FieldProblem, Invalid, NotJson, TooLarge, UnsupportedMedia
from pos_api.validation import collect_errors, require_words, unclean_texts
from retail.moments import can_be_stored

MEGABYTE = 1024 * 1024
MAX_BODY = MEGABYTE
MAX_BULK_BODY = 32 * MEGABYTE
MAX_DEPTH = 20

T = TypeVar("T")
_loose = msgspec.json.Decoder(float_hook=Decimal)


class Decoder(Generic[T]):
    """Decodes request bodies of one type.

    ``check`` looks at a value that has the right shape and yields what is wrong between its fields, such as two lines
    with one number. It runs on the fast and on the slow path alike. ``free_fields`` are the members whose type is
    `Any`: a text that uses them is also read by `parse_json`, since nothing else bounds their depth.
    """

    def __init__(
        self,
        kind: Any,
        check: Callable[[T], list[FieldProblem]] | None = None,
        *,
        free_fields: tuple[str, ...] = (),
    ) -> None:
        require_words(kind)
        self.kind = kind
        self.free_fields = free_fields
        self.check = check
        self._typed = msgspec.json.Decoder(kind, dec_hook=read_memoised, float_hook=Decimal)
        self._moments = _moment_fields(kind)

    def decode(self, data: bytes) -> T:
        """Return the value of ``data``. Raises NotJson (400) or Invalid (422) naming every wrong field."""
        try:
            value = self._typed.decode(data)
            trusted = _is_plain(data)
            for name in self.free_fields:
                trusted = trusted and getattr(value, name) is None
            for name in self._moments:
                trusted = trusted and can_be_stored(getattr(value, name))
        except (msgspec.MsgspecError, ValueError, RecursionError):
            trusted = False
        if not trusted:
            value = self._decode_slowly(data)
        if self.check is not None and (errors := self.check(value)):
            raise Invalid(errors=errors)
        return value

    def convert(self, raw: Any) -> T:
        """Return the value of ``raw``, which was parsed by `parse_json`. Raises Invalid."""
        errors = collect_errors(raw, self.kind)
        if errors:
            raise Invalid(errors=errors)
        value: T = msgspec.convert(raw, self.kind, dec_hook=read_custom)
        return value

    def read(self, raw: Any) -> T:
        """Return the value of ``raw``, parsed by `parse_json`, with every check of `decode`. Raises Invalid."""
        value = self.convert(raw)
        if self.check is not None and (errors := self.check(value)):
            raise Invalid(errors=errors)
        return value

    def _decode_slowly(self, data: bytes) -> T:
        return self.convert(parse_json(data))


def _moment_fields(kind: Any) -> tuple[str, ...]:
    """Return the names of the struct's members that hold a moment: msgspec does not bound their years."""
    shape = inspect.type_info(kind)
    if not isinstance(shape, inspect.StructType):
        return ()
    return tuple(field.name for field in shape.fields if _holds_moment(field.type))


def _holds_moment(kind: inspect.Type) -> bool:
    if isinstance(kind, inspect.Metadata):
        return _holds_moment(kind.type)
    if isinstance(kind, inspect.UnionType):
        return any(_holds_moment(member) for member in kind.types)
    return isinstance(kind, inspect.DateTimeType)


def read_body(request: HttpRequest, limit: int = MAX_BODY) -> bytes:
    """Return the bytes of a JSON request. Raises UnsupportedMedia (415) or TooLarge (413)."""
    meta = request.META
    content_type = meta.get("CONTENT_TYPE", "")
    nothing = not content_type and meta.get("CONTENT_LENGTH", "") in ("", "0")
    if content_type != "application/json" and not nothing and not _is_json_type(content_type):
        raise UnsupportedMedia(_("Send Content-Type: application/json, in UTF-8."))
    if meta.get("HTTP_CONTENT_ENCODING", "identity").strip().lower() not in ("", "identity"):
        raise UnsupportedMedia(_("Send the body without Content-Encoding."))
    try:
        length = int(meta.get("CONTENT_LENGTH") or 0)
    except ValueError:
        length = 0
    if length > limit:
        raise _too_large(limit)
    if not length and meta.get("wsgi.input_terminated") and "HTTP_TRANSFER_ENCODING" in meta:
        # Sent in chunks: Django reads as many bytes as were announced, which is none.
        body: bytes = meta["wsgi.input"].read(limit + 1)
    else:
        body = request.body
    if len(body) > limit:
        raise _too_large(limit)
    return body


def _too_large(limit: int) -> TooLarge:
    return TooLarge(_("The body has more than %(limit)d bytes.") % {"limit": limit})


def parse_json(data: bytes) -> Any:
    """Return the JSON text ``data`` as plain values, numbers exact (`int`, `Decimal`).

    Raises NotJson for other encodings than UTF-8, NaN, repeated keys and a depth above 20.
    """
    try:
        value = _loose.decode(data)
        trusted = _keeps_every_key(data, value)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        trusted = False
    if not trusted:
        value = _parse_strictly(data)
    _refuse_depth(value)
    return value


def _is_json_type(content_type: str) -> bool:
    kind, _separator, parameters = content_type.partition(";")
    if kind.strip().lower() != "application/json":
        return False
    for parameter in filter(None, (part.strip() for part in parameters.split(";"))):
        name, _separator, value = parameter.partition("=")
        if name.strip().lower() == "charset" and value.strip().strip('"').lower() not in ("utf-8", "utf8"):
            return False
    return True


def _is_plain(data: bytes) -> bool:
    """Say whether a decoded text can be trusted as it is: no repeated keys, only clean characters.

    False only means that the slow path has to look.
    """
    if b"\\" in data or not (data.isascii() or UNCLEAN.search(data.decode()) is None):
        return False
    # DEL is the one control character of ASCII that JSON lets stand in a text.
    return b"\x7f" not in data and _keeps_every_key(data, _loose.decode(data))


def _keeps_every_key(data: bytes, value: Any) -> bool:
    """Say whether ``value`` certainly has as many keys as ``data``.

    Without escapes, a text that is written again has the same colons, one for each key and those inside of texts. A
    key that was given twice is written once, and takes its colon along.
    """
    return b"\\" not in data and data.count(b":") == msgspec.json.encode(value).count(b":")


def _parse_strictly(data: bytes) -> Any:
    if data[:3] == b"\xef\xbb\xbf":
        raise NotJson(_("The text begins with a byte order mark; send plain UTF-8."))
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        message = _("Byte %(position)d is not UTF-8.")
        raise NotJson(message % {"position": error.start}) from None
    try:
        return json.loads(
            text,
            object_pairs_hook=_object,
            parse_float=_number,
            parse_int=_integer,
            parse_constant=_refuse_constant,
        )
    except json.JSONDecodeError as error:
        message = _("This is not JSON: line %(line)d, column %(column)d.")
        raise NotJson(message % {"line": error.lineno, "column": error.colno}) from None
    except RecursionError:
        raise _too_deep() from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        seen: set[str] = set()
        for name, _value in pairs:
            if name in seen:
                message = _("The key “%(name)s” is given twice.")
                raise NotJson(message % {"name": UNCLEAN.sub("?", name[:64])})
            seen.add(name)
    return value


def _number(text: str) -> Decimal:
    if len(text) > 400:
        raise NotJson(_("A number has too many digits."))
    return Decimal(text)


def _integer(text: str) -> int:
    if len(text) > 400:
        raise NotJson(_("A number has too many digits."))
    return int(text)


def _refuse_constant(text: str) -> None:
    raise NotJson(_("%(text)s is not a JSON number.") % {"text": text})


def _too_deep() -> NotJson:
    return NotJson(_("The text is nested deeper than %(limit)d levels.") % {"limit": MAX_DEPTH})


def _refuse_depth(value: Any) -> None:
    level, depth = [value], 0
    while level := [item for item in level if isinstance(item, dict | list)]:
        depth += 1
        if depth > MAX_DEPTH:
            raise _too_deep()
        level = [inner for item in level for inner in (item.values() if isinstance(item, dict) else item)]


def refuse_unclean(raw: Any) -> None:
    """Refuse free-form documents whose texts hold characters that cannot be stored or seen. Raises Invalid."""
    if not _surely_clean(raw) and (errors := unclean_texts(raw)):
        raise Invalid(errors=errors)


def _surely_clean(raw: Any) -> bool:
    """Say whether one look at the written text is enough; false only means that each text has to be looked at."""
    try:
        text = msgspec.json.encode(raw)
    except (msgspec.MsgspecError, ValueError, TypeError, RecursionError):
        return False
    return b"\\" not in text and UNCLEAN.search(text.decode()) is None
