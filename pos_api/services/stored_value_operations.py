"""What a terminal asked for about stored values, so that it is answered alike when it is sent again."""

import hashlib
from datetime import datetime
from typing import Any
from uuid import uuid4

import msgspec
from msgspec import Struct

from loyalty import stored_codes
from loyalty.models import StoredValue
from loyalty.selectors.stored_values import digest_of
from loyalty.services.refusals import OperationReused
from loyalty.services.stored_values import code_again
from pos_api.authentication import TerminalCaller
from pos_api.models import StoredValueOperation
from pos_api.services.commit import canonical_content
from pos_api.stored_value_documents import LoadDocument, SellDocument

# What the ledger keeps of an id; a longer one is told by its hash.
MOST = 64


class ReferenceReused(OperationReused):
    """The terminal's own id came with other content."""

    field = "reference"


class Asked(Struct, frozen=True, kw_only=True):
    """A sale or load as a terminal asked for it.

    `reference` is its own id, or one of ours where it gave none; `is_given`: it may be sent again, so its answer is kept. A test's is not.
    """

    kind: StoredValueOperation.Kind
    terminal_id: int
    reference: str
    fingerprint: str
    is_given: bool

    @property
    def operation(self) -> str:
        """The id for the ledger."""
        if len(self.reference) <= MOST:
            return self.reference
        return hashlib.sha256(self.reference.encode()).hexdigest()


def asked_for(
    kind: StoredValueOperation.Kind,
    document: SellDocument | LoadDocument,
    caller: TerminalCaller,
    *,
    key: str,
    code: str = "",
) -> Asked:
    """Return what is asked for; `code` is that of the address. No code can be guessed from the fingerprint."""
    content = canonical_content(document)
    content.pop("reference", None)
    if code := code or content.pop("code", ""):
        content["code"] = digest_of(code)
    return Asked(
        kind=kind,
        terminal_id=caller.terminal_id,
        reference=document.reference or key or uuid4().hex,
        fingerprint=hashlib.sha256(msgspec.json.encode(content, order="sorted")).hexdigest(),
        is_given=bool(document.reference or key) and not caller.is_test,
    )


def answered_before(asked: Asked, *, code: str) -> dict[str, Any] | None:
    """Return what was answered when this was done, None when it was not. `code` is what the terminal sent, if it did.

    A generated code is told once more while it can be made, and only as long as it is the one that was answered: a lost
    card has got another one, which is for its owner. Raises ReferenceReused for other content under the same reference.
    """
    if not asked.is_given:
        return None
    operations = StoredValueOperation.objects.select_related("stored_value")
    known = operations.filter(
        terminal_id=asked.terminal_id, kind=asked.kind, reference=asked.reference
    ).first()
    if known is None:
        return None
    if known.fingerprint != asked.fingerprint:
        raise ReferenceReused
    body: dict[str, Any] = msgspec.json.decode(known.body)
    told = code or code_again(known.stored_value)
    is_same = bool(told) and (bool(code) or stored_codes.last4(told) == body["last4"])
    return body | {"code": stored_codes.written(told) if is_same else ""}


def keep_answer(asked: Asked, stored: StoredValue, body: dict[str, Any], *, at: datetime) -> None:
    """Keep an answer that may be asked for again, without the code, in the transaction of what it tells."""
    if not asked.is_given:
        return
    StoredValueOperation.objects.create(
        terminal_id=asked.terminal_id,
        kind=asked.kind,
        reference=asked.reference,
        fingerprint=asked.fingerprint,
        stored_value=stored,
        body=msgspec.json.encode(body | {"code": ""}).decode(),
        created_at=at,
    )
