"""What is not from a provider, or was heard before: nothing of it is accepted, and nothing happens twice.

Twilio signs with our token; providers of e-mail come with our password (anymail). Each forgery begins as a genuine call.
"""

import base64
import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import include, path
from django.utils import timezone
from twilio.request_validator import RequestValidator

from config.urls import urlpatterns as all_patterns
from customers.models import Consent
from messaging.models import Message, MessageEvent, MessageState, Suppression
from messaging.webhook_urls import HEARD, email_patterns
from tests.builders import build_consent
from tests.messaging.builders import build_message, build_reachable_customer

# With a password the addresses of anymail exist; the settings of a test come too late for the usual list.
urlpatterns = [path("webhooks/email/", include((email_patterns(HEARD), "anymail"))), *all_patterns]
handler400 = "pos_api.errors.bad_request"
handler403 = "pos_api.errors.permission_denied"
handler404 = "pos_api.errors.not_found"
handler500 = "pos_api.errors.server_error"

BASE = "https://fiel.example.com"
TOKEN = "twilio-token"
PASSWORD = "anymail:password"
SID = "SM" + "a" * 32
OTHER_SID = "SM" + "b" * 32

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


@pytest.fixture(autouse=True)
def _providers(settings):
    settings.PUBLIC_URL = BASE
    settings.TWILIO_AUTH_TOKEN = TOKEN
    settings.ANYMAIL = {"WEBHOOK_SECRET": [PASSWORD, "anymail:the-next"]}
    settings.ALLOWED_HOSTS = ["fiel.example.com"]
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 32 * 1024 * 1024


def sent_message(**values: Any) -> Message:
    """A message that a provider took, with our number for it."""
    values = {
        "state": MessageState.SENT,
        "sent_at": timezone.now(),
        "call_began_at": timezone.now(),
        "channel": "sms",
        "to": "+5511987654321",
        "provider": "twilio",
        "provider_id": SID,
    } | values
    return build_message(**values)


def nothing_happened(message: Message) -> bool:
    """Whether a message is as it was, nothing was noted, and nobody was silenced."""
    message.refresh_from_db()
    return (
        message.state == MessageState.SENT
        and not MessageEvent.objects.exists()
        and not Suppression.objects.exists()
    )


def call(url_path: str, body: str | bytes, **headers: str) -> int:
    """Call as a provider would, over the public address; return the status."""
    client = Client(raise_request_exception=False)
    content_type = headers.pop("content_type", "application/x-www-form-urlencoded")
    named = {"Host": "fiel.example.com"} | {name.replace("_", "-"): value for name, value in headers.items()}
    return client.generic("POST", url_path, body, content_type=content_type, headers=named).status_code


class TestTwilio:
    def fields(self, **values: str) -> dict[str, str]:
        return {
            "AccountSid": "AC" + "0" * 32,
            "MessageSid": SID,
            "MessageStatus": "delivered",
            "To": "+5511987654321",
        } | values

    def address(self, message: Message) -> str:
        return f"/webhooks/twilio/{message.uuid}/"

    def sign(self, url: str, fields: Any, token: str = TOKEN) -> str:
        return RequestValidator(token).compute_signature(url, fields)

    def report(self, message: Message, fields: dict[str, str], **headers: str) -> int:
        """Send a genuine report."""
        url_path = self.address(message)
        signature = self.sign(BASE + url_path, fields)
        return call(url_path, encode(fields), **({"X_Twilio_Signature": signature} | headers))

    def test_is_heard_when_it_is_genuine(self):
        message = sent_message()

        assert self.report(message, self.fields()) == 200

        message.refresh_from_db()
        assert message.state == MessageState.DELIVERED

    def test_is_not_heard_without_a_signature(self):
        message = sent_message()

        assert call(self.address(message), encode(self.fields())) == 403
        assert call(self.address(message), encode(self.fields()), X_Twilio_Signature="") == 403
        assert nothing_happened(message)

    def test_is_not_heard_with_another_key(self):
        message = sent_message()
        forged = self.sign(BASE + self.address(message), self.fields(), token="other")

        assert self.report(message, self.fields(), X_Twilio_Signature=forged) == 403
        assert nothing_happened(message)

    @pytest.mark.parametrize(
        "changed", [{"MessageStatus": "read"}, {"ErrorCode": "21610"}, {"MessageSid": OTHER_SID}]
    )
    def test_is_not_heard_with_a_field_changed_or_added(self, changed):
        message = sent_message()
        signature = self.sign(BASE + self.address(message), self.fields())

        status = call(self.address(message), encode(self.fields() | changed), X_Twilio_Signature=signature)

        assert status == 403
        assert nothing_happened(message)

    def test_is_not_heard_with_a_field_left_out(self):
        message = sent_message()
        signature = self.sign(BASE + self.address(message), self.fields())
        fewer = {name: value for name, value in self.fields().items() if name != "To"}

        assert call(self.address(message), encode(fewer), X_Twilio_Signature=signature) == 403
        assert nothing_happened(message)

    @pytest.mark.parametrize("signed_path", ["other", "query"])
    def test_is_not_heard_at_another_address(self, signed_path):
        message = sent_message()
        address = self.address(message)
        signed = f"/webhooks/twilio/{uuid4()}/" if signed_path == "other" else f"{address}?x=1"
        signature = self.sign(BASE + signed, self.fields())

        assert call(address, encode(self.fields()), X_Twilio_Signature=signature) == 403
        assert nothing_happened(message)

    @pytest.mark.parametrize(
        "base", ["http://fiel.example.com", "https://evil.example.com", "https://fiel.example.com:8443"]
    )
    def test_is_not_heard_over_another_scheme_host_or_port(self, base):
        message = sent_message()
        signature = self.sign(base + self.address(message), self.fields())

        assert self.report(message, self.fields(), X_Twilio_Signature=signature) == 403
        assert nothing_happened(message)

    def test_is_not_heard_under_a_host_of_its_own(self, settings):
        settings.ALLOWED_HOSTS = ["*"]
        message = sent_message()
        signature = self.sign("https://evil.example.com" + self.address(message), self.fields())

        status = self.report(message, self.fields(), X_Twilio_Signature=signature, Host="evil.example.com")

        assert status == 403
        assert nothing_happened(message)

    def test_counts_once_however_often_it_is_played_again(self):
        message = sent_message()

        assert [self.report(message, self.fields()) for _time in range(10)] == [200] * 10

        assert MessageEvent.objects.count() == 1

    def test_moves_a_message_forwards_only(self):
        message = sent_message()

        for status in ("read", "sent", "failed", "queued", "delivered"):
            assert self.report(message, self.fields(MessageStatus=status)) == 200

        message.refresh_from_db()
        assert message.state == MessageState.READ

    def test_about_another_message_moves_neither_and_silences_nobody(self):
        message = sent_message()
        other = sent_message(provider_id=OTHER_SID, occasion_key="other")
        fields = self.fields(MessageSid=OTHER_SID, MessageStatus="failed", ErrorCode="21610")

        assert self.report(message, fields) == 200

        for one in (message, other):
            one.refresh_from_db()
            assert one.state == MessageState.SENT
        assert not Suppression.objects.exists()

    @pytest.mark.parametrize("size", [300_000, 1_048_576])
    def test_is_not_read_when_it_is_too_large(self, size):
        message = sent_message()

        assert self.report(message, self.fields(Body="x" * size)) == 403
        assert nothing_happened(message)

    @pytest.mark.parametrize("length", ["abc", "-1", "1e3", "9" * 30, "00000000000001048576"])
    def test_is_not_read_when_its_size_is_nonsense(self, length):
        message = sent_message()

        status = self.report(message, self.fields(), Content_Length=length)

        assert status in (400, 403)
        assert nothing_happened(message)

    @pytest.mark.parametrize(
        "content_type",
        ["application/json", "text/plain", "multipart/form-data; boundary=x", "application/xml", ""],
    )
    def test_is_not_heard_in_another_form(self, content_type):
        message = sent_message()

        assert self.report(message, self.fields(), content_type=content_type) == 403
        assert nothing_happened(message)

    @pytest.mark.parametrize("algorithm", ["NONE", "HMAC_MD5", "none", "HMAC_SHA512"])
    def test_is_not_heard_with_an_unknown_algorithm(self, algorithm):
        message = sent_message()
        header = {"X_Twilio_Webhooks_Signature_Settings": f"key=k,algorithm={algorithm}"}

        assert self.report(message, self.fields(), **header) == 403
        assert nothing_happened(message)

    @pytest.mark.parametrize("more", ["&MessageStatus=read", "&MessageStatus=failed&ErrorCode=21610"])
    def test_is_not_heard_with_a_field_twice(self, more):
        message = sent_message()
        signature = self.sign(BASE + self.address(message), self.fields())

        status = call(self.address(message), encode(self.fields()) + more, X_Twilio_Signature=signature)

        assert status == 403
        assert nothing_happened(message)

    @pytest.mark.parametrize(
        "cut",
        [
            {"MessageSid": f"{SID}MessageStatusdelivered"},
            {"MessageSid": SID, "MessageStatus": "deliveredTo+5511987654321"},
            {"MessageSid": SID[:-1], "aMessageStatus": "delivered"},
        ],
    )
    def test_has_no_effect_when_its_fields_are_cut_elsewhere(self, cut):
        # Names and values are signed run together: another cut of the same text has the same signature.
        message = sent_message()
        fields = {"AccountSid": "AC" + "0" * 32} | cut

        self.report(message, fields)

        assert nothing_happened(message)

    def test_is_not_heard_without_an_account(self, settings):
        settings.TWILIO_AUTH_TOKEN = ""
        message = sent_message()
        signature = self.sign(BASE + self.address(message), self.fields(), token="")

        assert self.report(message, self.fields(), X_Twilio_Signature=signature) == 403
        assert nothing_happened(message)


class TestAnswer:
    """Answers of customers, by Twilio."""

    def answer(self, **values: str) -> int:
        fields = {"MessageSid": SID, "From": "+5511987654321", "Body": "SAIR"} | values
        url_path = "/webhooks/twilio/replies/"
        signature = RequestValidator(TOKEN).compute_signature(BASE + url_path, fields)
        return call(url_path, encode(fields), X_Twilio_Signature=signature)

    def test_that_says_stop_counts_once_also_when_it_is_played_again_after_a_new_consent(self):
        customer = build_reachable_customer(phone="+5511987654321")
        assert self.answer() == 200
        assert Suppression.objects.count() == 2
        withdrawn = Consent.objects.filter(customer=customer, granted=False).count()

        # Later the person agrees again, and somebody plays the old answer once more.
        Suppression.objects.update(lifted_at=timezone.now())
        build_consent(
            customer=customer, purpose="marketing", channel="", given_at=timezone.now() + timedelta(hours=1)
        )
        assert [self.answer() for _time in range(10)] == [200] * 10

        assert not Suppression.objects.filter(lifted_at__isnull=True).exists()
        assert Consent.objects.filter(customer=customer, granted=False).count() == withdrawn

    def test_that_is_said_again_counts_again(self):
        self.answer()
        Suppression.objects.update(lifted_at=timezone.now())

        self.answer(MessageSid=OTHER_SID)

        assert Suppression.objects.filter(lifted_at__isnull=True).count() == 2

    @pytest.mark.parametrize("sender", ["", "SAIR", "+55 11", "whatsapp:", "+5511987654321\nX", "x" * 500])
    def test_of_nobody_silences_nobody(self, sender):
        assert self.answer(From=sender) == 200
        assert not Suppression.objects.exists()

    def test_without_a_number_of_its_own_still_counts_once(self):
        for _time in range(3):
            assert self.answer(MessageSid="") == 200

        assert Suppression.objects.count() == 2
        assert MessageEvent.objects.count() == 1

    def test_that_is_forged_silences_nobody(self):
        fields = {"MessageSid": SID, "From": "+5511987654321", "Body": "SAIR"}

        assert call("/webhooks/twilio/replies/", encode(fields)) == 403
        assert not Suppression.objects.exists()


class TestEmail:
    """Reports of a provider of e-mail that signs nothing itself (Postmark), by anymail."""

    ADDRESS = "/webhooks/email/postmark/tracking/"

    def message(self, **values: Any) -> Message:
        return sent_message(
            **{"channel": "email", "channels": ["email"], "to": "ana@example.com", "provider_id": "pm-1"}
            | values
        )

    def event(self, message: Message, **values: Any) -> dict[str, Any]:
        return {
            "RecordType": "Delivery",
            "MessageID": "pm-1",
            "Recipient": "ana@example.com",
            "DeliveredAt": "2026-11-22T13:00:00Z",
            "Metadata": {"message": str(message.uuid)},
        } | values

    def bounce(self, message: Message, **values: Any) -> dict[str, Any]:
        return self.event(
            message,
            RecordType="Bounce",
            Type="HardBounce",
            ID=42,
            Email="ana@example.com",
            BouncedAt="2026-11-22T13:00:00Z",
            **values,
        )

    def report(self, body: Any, **headers: str) -> int:
        """Send a genuine report, unless a header says otherwise."""
        raw = body if isinstance(body, str | bytes) else json.dumps(body)
        named = {"Authorization": basic(PASSWORD), "content_type": "application/json"} | headers
        return call(self.ADDRESS, raw, **named)

    def test_is_heard_with_our_password_and_with_its_successor(self):
        message = self.message()

        assert self.report(self.event(message)) == 200
        assert self.report(self.event(message), Authorization=basic("anymail:the-next")) == 200

        message.refresh_from_db()
        assert message.state == MessageState.DELIVERED

    @pytest.mark.parametrize(
        "authorization",
        [
            "",
            "Basic",
            "Basic ????",
            "Bearer " + base64.b64encode(PASSWORD.encode()).decode(),
            "Basic " + PASSWORD,
            "Basic " + base64.b64encode(b"anymail:wrong").decode(),
            "Basic " + base64.b64encode(b"other:password").decode(),
            "Basic " + base64.b64encode(b"anymail:").decode(),
            "Basic " + base64.b64encode(b"None").decode(),
            "Basic " + base64.b64encode(b"anymail:password ").decode(),
            "Basic " + base64.b64encode(b"\xff\xfe").decode(),
        ],
    )
    def test_is_not_heard_without_it(self, authorization):
        message = self.message()

        assert self.report(self.bounce(message), Authorization=authorization) in (400, 403)
        assert nothing_happened(message)

    def test_is_not_heard_at_all_where_no_password_is_set(self, settings):
        from messaging import webhook_urls

        assert "email/" not in [str(entry.pattern) for entry in webhook_urls.urlpatterns]

    def test_is_not_heard_under_a_host_that_is_not_ours(self):
        message = self.message()

        assert self.report(self.bounce(message), Host="evil.example.com") == 400
        assert nothing_happened(message)

    def test_counts_once_however_often_it_is_played_again(self):
        message = self.message()

        assert [self.report(self.event(message)) for _time in range(10)] == [200] * 10

        assert MessageEvent.objects.count() == 1

    def test_moves_a_message_forwards_only(self):
        message = self.message()

        self.report(self.event(message))
        self.report(self.bounce(message))

        message.refresh_from_db()
        assert message.state == MessageState.DELIVERED

    def test_about_another_message_moves_it_not_and_silences_nobody(self):
        message = self.message()

        assert self.report(self.bounce(message, MessageID="pm-of-somebody-else")) == 200

        message.refresh_from_db()
        assert message.state == MessageState.SENT
        assert not Suppression.objects.exists()

    @pytest.mark.parametrize("metadata", [{}, {"message": "1 OR 1=1"}, {"message": str(uuid4())}])
    def test_about_nothing_of_ours_has_no_effect(self, metadata):
        message = self.message()

        assert self.report(self.bounce(message, MessageID="unknown", Metadata=metadata)) == 200

        message.refresh_from_db()
        assert message.state == MessageState.SENT
        assert not Suppression.objects.exists()

    @pytest.mark.parametrize("size", [300_000, 1_048_576])
    def test_is_not_read_when_it_is_too_large(self, size):
        message = self.message()

        assert self.report(self.bounce(message, Details="x" * size)) == 413
        assert nothing_happened(message)

    @pytest.mark.parametrize("length", ["abc", "-1", "9" * 30, "00000000000001048576"])
    def test_is_not_read_when_its_size_is_nonsense(self, length):
        message = self.message()

        assert self.report(self.bounce(message), Content_Length=length) in (400, 413)
        assert nothing_happened(message)

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b"\xff\xfe",
            b"null",
            b"[]",
            b'"text"',
            b"7",
            b'{"RecordType": []}',
            b'{"RecordType": "Bounce", "Metadata": 7}',
            b"[" * 100_000,
        ],
    )
    def test_that_is_no_report_is_refused_and_not_a_failure_of_ours(self, body):
        message = self.message()

        assert self.report(body) < 500
        message.refresh_from_db()
        assert message.state == MessageState.SENT
        assert not Suppression.objects.exists()

    def test_is_not_heard_by_another_verb(self):
        message = self.message()

        answer = Client().get(
            self.ADDRESS, headers={"Host": "fiel.example.com", "Authorization": basic(PASSWORD)}
        )

        assert answer.status_code == 405
        assert nothing_happened(message)

    def test_keeps_no_address_of_the_person_in_the_log(self):
        message = self.message()

        self.report(self.bounce(message, Description="ana@example.com does not exist"))

        assert "ana@example.com" not in str(MessageEvent.objects.values())


def basic(pair: str) -> str:
    return "Basic " + base64.b64encode(pair.encode()).decode()


def encode(fields: dict[str, str]) -> str:
    return urlencode(fields)
