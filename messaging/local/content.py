"""The imitated Content API of Twilio, and a WhatsApp that approves templates after some seconds.

It rejects by itself what has a word for it in the text ("[reject]"); the inbox page approves, rejects and pauses by hand.
"""

import json
import re
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from messaging.local.answers import Answer
from messaging.models import LocalContent

_THINKS = timedelta(seconds=6)
_REJECTED_WORD = "[reject]"
REASON = "TAG_CONTENT_MISMATCH"
_MARK = re.compile(r"{{\s*([A-Za-z0-9_.]+)\s*}}")
_NAME = re.compile(r"^[a-z0-9_]{1,512}$")
_NOT_FOUND = Answer(404, {"status": 404, "code": 20404, "message": "The requested resource was not found"})


def create_content(*, account_sid: str, document: Mapping[str, Any]) -> Answer:
    """Take POST /v1/Content."""
    types = document.get("types")
    text = types.get("twilio/text") if isinstance(types, dict) else None
    body = text.get("body") if isinstance(text, dict) else None
    if not isinstance(body, str) or not body or not isinstance(document.get("language"), str):
        return Answer(
            400, {"status": 400, "code": 20001, "message": "Invalid content: types and language are required"}
        )
    variables = document.get("variables") or {}
    content = LocalContent.objects.create(
        sid=f"HX{secrets.token_hex(16)}",
        friendly_name=str(document.get("friendly_name") or "")[:200],
        language=document["language"][:10],
        body=body,
        variables=variables if isinstance(variables, dict) else {},
    )
    return Answer(
        201,
        {
            "sid": content.sid,
            "account_sid": account_sid,
            "friendly_name": content.friendly_name,
            "language": content.language,
            "variables": content.variables,
            "types": {"twilio/text": {"body": body}},
            "url": f"https://content.twilio.com/v1/Content/{content.sid}",
            "links": {
                "approval_create": f"https://content.twilio.com/v1/Content/{content.sid}/ApprovalRequests/whatsapp"
            },
        },
    )


def request_approval(*, sid: str, document: Mapping[str, Any], at: datetime) -> Answer:
    """Take POST /v1/Content/{sid}/ApprovalRequests/whatsapp."""
    content = LocalContent.objects.filter(sid=sid).first()
    if content is None:
        return _NOT_FOUND
    name, category = str(document.get("name") or ""), str(document.get("category") or "")
    if not _NAME.match(name) or category not in ("MARKETING", "UTILITY", "AUTHENTICATION"):
        return Answer(400, {"status": 400, "code": 20001, "message": "Invalid name or category"})
    if content.status != "unsubmitted" or LocalContent.objects.filter(approval_name=name).exists():
        return Answer(400, {"status": 400, "code": 20001, "message": "Already submitted under this name"})
    content.approval_name, content.category = name, category
    content.status, content.answers_at = "received", at + _THINKS
    content.save()
    return Answer(201, _said(content))


def fetch_approval(*, account_sid: str, sid: str, at: datetime) -> Answer:
    """Take GET /v1/Content/{sid}/ApprovalRequests."""
    answer_due(at=at)
    content = LocalContent.objects.filter(sid=sid).first()
    if content is None:
        return _NOT_FOUND
    return Answer(
        200,
        {
            "sid": sid,
            "account_sid": account_sid,
            "url": f"https://content.twilio.com/v1/Content/{sid}/ApprovalRequests",
            "whatsapp": {"type": "whatsapp", **_said(content)} if content.approval_name else None,
        },
    )


@transaction.atomic
def answer_due(*, at: datetime) -> int:
    """Let the imitated WhatsApp decide what it has had long enough; return how many it decided."""
    due = LocalContent.objects.select_for_update(skip_locked=True).filter(answers_at__lte=at)
    decided = 0
    for content in due.order_by("pk"):
        rejected = _REJECTED_WORD in content.body.lower()
        _decide(content, "rejected" if rejected else "approved", REASON if rejected else "")
        decided += 1
    return decided


def decide(*, sid: str, status: str, reason: str = "") -> bool:
    """Decide by hand: approved, rejected or paused. Returns False for a template that nobody handed in."""
    content = LocalContent.objects.filter(sid=sid).exclude(approval_name="").first()
    if content is None or status not in ("approved", "rejected", "paused"):
        return False
    _decide(content, status, reason if status != "approved" else "")
    return True


def fill(sid: str, variables: str) -> str | None:
    """Return the text of a stored template with the values of a message; None for one that is not stored here."""
    content = LocalContent.objects.filter(sid=sid).first()
    if content is None:
        return None
    try:
        values = json.loads(variables)
    except ValueError:
        values = {}
    given = values if isinstance(values, dict) else {}
    return _MARK.sub(lambda mark: str(given.get(mark.group(1), mark.group())), content.body)


def _decide(content: LocalContent, status: str, reason: str) -> None:
    content.status, content.rejection_reason, content.answers_at = status, reason[:500], None
    content.save(update_fields=["status", "rejection_reason", "answers_at"])


def _said(content: LocalContent) -> dict[str, Any]:
    return {
        "name": content.approval_name,
        "category": content.category,
        "content_type": "twilio/text",
        "status": content.status,
        "rejection_reason": content.rejection_reason,
        "allow_category_change": True,
    }
