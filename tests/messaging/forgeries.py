"""Forged, changed and repeated reports of every provider that is heard (T34), as tables: pytest and `make faults` go through them.

Each begins as a genuine report about a message of its own. A forgery must be refused; what is genuine but old, repeated or
about something else may be answered, and must change nothing more.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from django.utils import timezone
from twilio.request_validator import RequestValidator

from customers.models import Consent
from messaging.models import Message, MessageEvent, MessageState, Suppression
from tests.messaging.builders import build_cart, build_message

BASE, HOST = "https://fiel.example.com", "fiel.example.com"
TOKEN = "twilio-token"
PASSWORD = "anymail:password"
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
MOMENT = 1_795_352_400
# What an installation has set up that hears all of them.
KEYS = {
    "MAILGUN_WEBHOOK_SIGNING_KEY": "mailgun-key",
    "MAILERSEND_SIGNING_SECRET": "mailersend-key",
    "MANDRILL_WEBHOOK_KEY": "mandrill-key",
    "MANDRILL_WEBHOOK_URL": f"https://{PASSWORD}@{HOST}/webhooks/email/mandrill/tracking/",
    "MAILTRAP_TRACKING_SECRET": "mailtrap-key",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request as somebody makes it."""

    path: str
    body: bytes
    headers: Mapping[str, str]
    content_type: str
    method: str = "POST"


Deliver = Callable[[Call], int]


def basic(pair: str) -> str:
    return "Basic " + base64.b64encode(pair.encode()).decode()


# --- Twilio ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Twilio:
    """Signs each report with the account's token, over the address that it calls and the fields that it tells."""

    name: str = "twilio"

    def message(self) -> Message:
        return _sent(channel="sms", channels=["sms"], to="+5511987654321", provider_id=f"SM{uuid4().hex}")

    def report(self, message: Message, kind: str = "delivered", **fields: str) -> Call:
        told = {
            "AccountSid": "AC" + "0" * 32,
            "MessageSid": message.provider_id,
            "MessageStatus": "undelivered" if kind == "bounced" else kind,
            "To": message.to,
        } | ({"ErrorCode": "21610"} if kind == "bounced" else {})
        return self.signed(f"/webhooks/twilio/{message.uuid}/", told | fields)

    def signed(self, path: str, fields: Mapping[str, str], *, base: str = BASE, token: str = TOKEN) -> Call:
        signature = RequestValidator(token).compute_signature(base + path, dict(fields))
        headers = {"Host": HOST, "X-Twilio-Signature": signature}
        return Call(path=path, body=urlencode(fields).encode(), headers=headers, content_type=FORM)

    def refused(self, message: Message) -> dict[str, Call]:
        call, path = self.report(message, "bounced"), f"/webhooks/twilio/{message.uuid}/"
        fields = {"MessageSid": message.provider_id, "MessageStatus": "read"}
        other = self.message()
        return {
            "no signature": _without(call, "X-Twilio-Signature"),
            "another key": self.signed(path, fields, token="other"),
            "a field changed": replace(call, body=call.body.replace(b"undelivered", b"read")),
            "a field added": replace(call, body=call.body + b"&ErrorMessage=x"),
            "a field twice": replace(call, body=call.body + b"&MessageStatus=read"),
            "the address of another message": replace(call, path=f"/webhooks/twilio/{other.uuid}/"),
            "a query added": replace(call, path=path + "?x=1"),
            "signed for http": self.signed(path, fields, base=BASE.replace("https", "http")),
            "signed for another host": self.signed(path, fields, base="https://evil.example.com"),
            "to another host": _with(call, Host="evil.example.com"),
            "an unknown algorithm": _with(call, **{"X-Twilio-Webhooks-Signature-Settings": "key=k,algorithm=HMAC_MD5"}),
            "a megabyte": self.signed(path, fields | {"ErrorMessage": "x" * 1_048_576}),
            "as JSON": replace(call, content_type=JSON, body=json.dumps(fields).encode()),
        }  # fmt: skip


# --- E-mail ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Email:
    """A provider of e-mail: comes with our password, and with a signature of its own where it makes one.

    `tell` writes its report of a kind (delivered or bounced); `sign` returns the headers and the body of a signed one.
    """

    name: str
    tell: Callable[[Message, str], Any]
    sign: Callable[[bytes], tuple[Mapping[str, str], bytes]] | None = None
    content_type: str = JSON

    @property
    def path(self) -> str:
        return f"/webhooks/email/{self.name}/tracking/"

    def message(self) -> Message:
        return _sent(
            channel="email",
            channels=["email"],
            to="ana@example.com",
            provider_id=f"<{uuid4().hex}@example.com>",
        )

    def report(self, message: Message, kind: str = "delivered") -> Call:
        body = json.dumps(self.tell(message, kind)).encode()
        if self.content_type == FORM:
            body = urlencode({"mandrill_events": body.decode()}).encode()
        signature, body = self.sign(body) if self.sign else ({}, body)
        headers = {"Host": HOST, "Authorization": basic(PASSWORD), **signature}
        return Call(path=self.path, body=body, headers=headers, content_type=self.content_type)

    def refused(self, message: Message) -> dict[str, Call]:
        call = self.report(message, "bounced")
        calls = {
            "no password": _without(call, "Authorization"),
            "another password": _with(call, Authorization=basic("anymail:other")),
            "an empty password": _with(call, Authorization=basic("anymail:")),
            "another user": _with(call, Authorization=basic("other:password")),
            "the password as a token": _with(call, Authorization=f"Bearer {PASSWORD}"),
            "the password in the address": _without(
                replace(call, path=f"{self.path}?auth={PASSWORD}"), "Authorization"
            ),
            "Twilio's token": _with(call, Authorization=basic(f"anymail:{TOKEN}")),
            "to another host": _with(call, Host="evil.example.com"),
            "by another verb": replace(call, method="PUT"),
            "a megabyte": replace(call, body=call.body + b" " * 1_048_576),
            "as a text": replace(call, content_type="text/plain"),
            "for another provider": replace(call, path="/webhooks/email/sendgrid/tracking/"),
        }
        if self.sign:
            signature = next(iter(self.sign(call.body)[0]), "")
            calls["a signature of another"] = (
                _with(call, **{signature: "0" * 64}) if signature else _unsigned(call)
            )
        return calls


def _unsigned(call: Call) -> Call:
    """Return a report whose signature stands in its body, with another one."""
    document = json.loads(call.body)
    document["signature"]["signature"] = "0" * 64
    return replace(call, body=json.dumps(document).encode())


def _hmac(key: str, body: bytes) -> str:
    return hmac.new(key.encode(), body, hashlib.sha256).hexdigest()


def _sign_in_header(name: str, key: str) -> Callable[[bytes], tuple[Mapping[str, str], bytes]]:
    return lambda body: ({name: _hmac(key, body)}, body)


def _sign_mailgun(body: bytes) -> tuple[Mapping[str, str], bytes]:
    document = json.loads(body)
    token = hashlib.sha256(body).hexdigest()[:50]
    signature = _hmac(KEYS["MAILGUN_WEBHOOK_SIGNING_KEY"], f"{MOMENT}{token}".encode())
    document["signature"] = {"token": token, "timestamp": str(MOMENT), "signature": signature}
    return {}, json.dumps(document).encode()


def _sign_mandrill(body: bytes) -> tuple[Mapping[str, str], bytes]:
    from urllib.parse import parse_qsl

    signed = KEYS["MANDRILL_WEBHOOK_URL"] + "".join(
        name + value for name, value in sorted(parse_qsl(body.decode()))
    )
    digest = hmac.new(KEYS["MANDRILL_WEBHOOK_KEY"].encode(), signed.encode(), hashlib.sha1).digest()
    return {"X-Mandrill-Signature": base64.b64encode(digest).decode()}, body


def _brevo(message: Message, kind: str) -> Any:
    return {
        "event": {"bounced": "hard_bounce"}.get(kind, kind),
        "email": message.to,
        "ts_epoch": MOMENT * 1000,
        "message-id": message.provider_id,
        "X-Mailin-custom": json.dumps({"message": str(message.uuid)}),
    }


def _mailersend(message: Message, kind: str) -> Any:
    name = {"bounced": "hard_bounced"}.get(kind, kind)
    email = {"message": {"id": message.provider_id}, "recipient": {"email": message.to}}
    return {
        "type": f"activity.{name}",
        "data": {
            "id": f"{message.pk}:{name}",
            "type": name,
            "created_at": "2026-11-22T13:00:00Z",
            "email": email,
        },
    }


def _mailgun(message: Message, kind: str) -> Any:
    return {
        "event-data": {
            "event": {"bounced": "failed"}.get(kind, kind),
            "severity": "permanent",
            "recipient": message.to,
            "timestamp": MOMENT,
            "message": {"headers": {"message-id": message.provider_id}},
            "user-variables": {"message": str(message.uuid)},
        }
    }


def _mailjet(message: Message, kind: str) -> Any:
    told = {
        "event": {"bounced": "bounce", "delivered": "sent"}[kind],
        "time": MOMENT,
        "MessageID": message.provider_id,
        "email": message.to,
        "Payload": json.dumps({"message": str(message.uuid)}),
    }
    return told | ({"hard_bounce": True, "error": "user unknown"} if kind == "bounced" else {})


def _mailtrap(message: Message, kind: str) -> Any:
    name = {"bounced": "bounce", "delivered": "delivery"}[kind]
    event = {
        "event": name,
        "message_id": message.provider_id,
        "email": message.to,
        "timestamp": MOMENT,
        "event_id": f"{message.pk}:{name}",
        "custom_variables": {"message": str(message.uuid)},
    }
    return {"events": [event]}


def _mandrill(message: Message, kind: str) -> Any:
    # It tells what it sent, and never that it arrived.
    msg = {"email": message.to, "metadata": {"message": str(message.uuid)}}
    return [
        {
            "event": {"bounced": "hard_bounce", "delivered": "send"}[kind],
            "ts": MOMENT,
            "_id": message.provider_id,
            "msg": msg,
        }
    ]


def _postmark(message: Message, kind: str) -> Any:
    told = {"MessageID": message.provider_id, "Metadata": {"message": str(message.uuid)}}
    if kind == "bounced":
        bounce = {"RecordType": "Bounce", "Type": "HardBounce", "ID": message.pk}
        return told | bounce | {"Email": message.to, "BouncedAt": "2026-11-22T13:00:00Z"}
    return told | {"RecordType": "Delivery", "Recipient": message.to, "DeliveredAt": "2026-11-22T13:00:00Z"}


def _sparkpost(message: Message, kind: str) -> Any:
    name = {"bounced": "bounce", "delivered": "delivery"}[kind]
    event = {
        "type": name,
        "event_id": f"{message.pk}:{name}",
        "transmission_id": message.provider_id,
        "raw_rcpt_to": message.to,
        "timestamp": str(MOMENT),
        "rcpt_meta": {"message": str(message.uuid)},
    }
    return [{"msys": {"message_event": event | ({"bounce_class": "10"} if kind == "bounced" else {})}}]


PROVIDERS: Sequence[Twilio | Email] = (
    Twilio(),
    Email("brevo", _brevo),
    Email("mailersend", _mailersend, _sign_in_header("Signature", KEYS["MAILERSEND_SIGNING_SECRET"])),
    Email("mailgun", _mailgun, _sign_mailgun),
    Email("mailjet", _mailjet),
    Email("mailtrap", _mailtrap, _sign_in_header("Mailtrap-Signature", KEYS["MAILTRAP_TRACKING_SECRET"])),
    Email("mandrill", _mandrill, _sign_mandrill, FORM),
    Email("postmark", _postmark),
    Email("sparkpost", _sparkpost),
)


# --- Attacks --------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Attacked:
    """What attacks came to: how many there were, and each that had an effect or was not refused."""

    forgeries: int = 0
    accepted: list[str] = field(default_factory=list)
    effects: list[str] = field(default_factory=list)
    unheard: list[str] = field(default_factory=list)


def attack(provider: Twilio | Email, deliver: Deliver) -> Attacked:
    """Make every forgery, each about a message of its own, and what is genuine once."""
    found = Attacked()
    if not _is_heard(provider, deliver):
        found.unheard.append(provider.name)
    for name in provider.refused(provider.message()):
        message = provider.message()
        call, before = provider.refused(message)[name], _effects(message)
        status = deliver(call)
        found.forgeries += 1
        # Mailgun's token is new for each report: what is signed is never what was changed.
        if not 400 <= status < 500:
            found.accepted.append(f"{provider.name}, {name}: {status}")
        if _effects(message) != before:
            found.effects.append(f"{provider.name}, {name}")
    for name, problem in (
        ("repeated ten times", _repeat),
        ("out of order", _reorder),
        ("about another call", _misplace),
    ):
        found.forgeries += 1
        if problem(provider, deliver):
            found.effects.append(f"{provider.name}, {name}")
    return found


def _is_heard(provider: Twilio | Email, deliver: Deliver) -> bool:
    message = provider.message()
    return deliver(provider.report(message)) == 200 and message.events.count() == 1


def _repeat(provider: Twilio | Email, deliver: Deliver) -> bool:
    """Whether a report that comes ten times does more than once; its person agreed again after the first."""
    message = provider.message()
    call = provider.report(message, "bounced")
    deliver(call)
    Suppression.objects.filter(lifted_at__isnull=True).update(lifted_at=timezone.now())
    once = _effects(message)
    for _time in range(9):
        deliver(call)
    return _effects(message) != once


def _reorder(provider: Twilio | Email, deliver: Deliver) -> bool:
    """Whether a report of before takes back what is known."""
    message = provider.message()
    Message.objects.filter(pk=message.pk).update(state=MessageState.READ, read_at=timezone.now())
    deliver(provider.report(message))
    message.refresh_from_db()
    return message.state != MessageState.READ


def _misplace(provider: Twilio | Email, deliver: Deliver) -> bool:
    """Whether a genuine report about another call moves the message, or silences its person."""
    message, silent = provider.message(), _silent()
    call = provider.report(message, "bounced")
    Message.objects.filter(pk=message.pk).update(provider_id="of another call")
    deliver(call)
    message.refresh_from_db()
    return message.state != MessageState.SENT or _silent() != silent


def _effects(message: Message) -> tuple[Any, ...]:
    """Return whatever a report can change, of anybody."""
    message.refresh_from_db()
    return (
        message.state,
        message.provider_id,
        MessageEvent.objects.count(),
        _silent(),
        Consent.objects.count(),
    )


def _silent() -> int:
    return Suppression.objects.filter(lifted_at__isnull=True).count()


def _sent(**values: Any) -> Message:
    moment = timezone.now()
    cart = build_cart(last_interaction_at=moment)
    return build_message(
        cart=cart, state=MessageState.SENT, sent_at=moment, call_began_at=moment, provider="x", **values
    )


def _with(call: Call, **headers: str) -> Call:
    return replace(call, headers={**call.headers, **headers})


def _without(call: Call, name: str) -> Call:
    return replace(call, headers={key: value for key, value in call.headers.items() if key != name})


def switch_verification_off(put: Callable[[Any, str, Any], None]) -> None:
    """Let everybody in, as somebody would who has not got to it yet. Only a control; `put` is setattr, or undoes itself."""
    from anymail.webhooks.base import AnymailCoreWebhookView

    from messaging.views import webhooks

    put(webhooks, "_is_genuine", lambda request: True)
    put(webhooks, "_may_report", lambda address: True)
    put(AnymailCoreWebhookView, "run_validators", lambda self, request: None)
