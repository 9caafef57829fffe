"""Receipts: offered at the till or sent always, once, also by hand again; only to addresses that exist."""

import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from campaigns.services import jobs
from customers.models import Consent
from messaging.addresses import address_hash
from messaging.models import Automation, Message, MessageState, Suppression, Template
from messaging.occasions.receipt import receipt_url
from messaging.occasions.texts.receipt import TEXTS
from messaging.services import receipts as receipt_services
from messaging.services.delivery import deliver_due
from messaging.services.mailing_course import confirm_mailing
from messaging.services.mailings import TextDraft
from messaging.services.planning import plan
from messaging.services.receipts import TooManyReceipts, offers_of, request_receipt, send_again
from retail.models import Payment, Sale
from tests.builders import NOON, build_customer, build_sale, build_store, build_user
from tests.messaging.builders import build_automation, build_company, build_mailing, build_reachable_customer
from tests.pos_api.till import Till, line, sale

pytestmark = pytest.mark.django_db
EMAIL = "ana@example.com"


@pytest.fixture(autouse=True)
def _nobody_is_woken(db: None, monkeypatch: pytest.MonkeyPatch, recorders: dict[str, Any]) -> None:
    build_company()
    monkeypatch.setattr("pos_api.views.receipts.wake_senders", lambda: None)
    monkeypatch.setattr("pos_api.views.pages.sale_receipt.wake_senders", lambda: None)


def receipts(*, channels: tuple[str, ...] = ("email", "sms"), **settings: str) -> Automation:
    at = timezone.now()
    values = {"email": "always", "sms": "offer", "whatsapp": "never"} | settings
    enabled_at = min(at, NOON) - timedelta(days=1)
    return build_automation(
        occasion="receipt", channels=list(channels), settings=values, enabled_at=enabled_at
    )


def send(at=NOON):
    return deliver_due(clock=lambda: at)


class TestAlways:
    def test_sends_the_lines_payments_and_total_without_consent(self, recorders):
        receipts()
        customer = build_customer(name="Ana Souza", email=EMAIL)
        bought = build_sale(
            customer=customer,
            lines=[{"sku": "CAMISA", "unit_price": Decimal("100.00"), "discount": Decimal("10.00"), "net": Decimal("90.00")}],
            discount=Decimal("10.00"),
            net=Decimal("90.00"),
            charged=Decimal("90.00"),
            response={"balances": [{"kind": "cashback", "available": "12.90"}, {"kind": "stamps", "available": 3}]},
        )  # fmt: skip
        Payment.objects.create(sale=bought, method="pix", amount=Decimal("90.00"))
        words = TEXTS["email", "pt-br"]
        Template.objects.filter(occasion="receipt", channel="email").update(
            subject=words.subject, text=words.text, html=words.html
        )

        assert plan("receipt", at=NOON) == 1
        send()

        [sent] = recorders["email"].sent
        assert sent.to == EMAIL
        for expected in ("CAMISA", "R$ 90,00", "R$ 10,00", "Pix", "R$ 12,90", "/receipt/"):
            assert expected in sent.html.replace("\N{NO-BREAK SPACE}", " "), expected
        assert not sent.unsubscribe_url
        assert not Consent.objects.exists()

    def test_twice_planned_is_sent_once(self, recorders):
        receipts()
        build_sale(customer=build_customer(email=EMAIL))

        assert [plan("receipt", at=NOON + timedelta(minutes=minute)) for minute in range(3)] == [1, 0, 0]

    def test_leaves_out_tests_strangers_other_documents_and_who_has_no_address(self):
        receipts(operations="SAL, resa")
        build_sale(customer=build_customer(email=EMAIL), operation="sale")
        build_sale(customer=build_customer(email=EMAIL), operation="SAL", is_test=True)
        build_sale(customer=build_customer(email=""), operation="SAL")
        build_sale(operation="SAL")
        wanted = build_sale(customer=build_customer(email=EMAIL), operation="RESA")

        plan("receipt", at=NOON)

        assert [message.occasion_key for message in Message.objects.all()] == [f"sale:{wanted.pk}"]

    @pytest.mark.parametrize("mode", ["never", "offer"])
    def test_sends_nothing_by_itself_in_another_mode(self, mode):
        receipts(email=mode)
        build_sale(customer=build_customer(email=EMAIL))

        assert plan("receipt", at=NOON) == 0

    def test_sends_none_of_a_cancelled_sale(self, recorders):
        receipts()
        bought = build_sale(customer=build_customer(email=EMAIL))
        plan("receipt", at=NOON)
        Sale.objects.filter(pk=bought.pk).update(state="cancelled", cancelled_at=NOON)

        send()

        assert Message.objects.get().reason == "sale_undone"

    def test_sends_none_to_an_address_that_does_not_exist(self, recorders):
        receipts()
        build_sale(customer=build_customer(email=EMAIL, phone=""))
        plan("receipt", at=NOON)
        Suppression.objects.create(
            channel="email", address_hash=address_hash("email", EMAIL), reason="bounced", suppressed_at=NOON
        )

        send()

        assert Message.objects.get().reason == "bounced"
        assert not recorders["email"].sent

    def test_sends_it_to_who_wants_no_marketing(self, recorders):
        receipts()
        build_sale(customer=build_customer(email=EMAIL))
        Suppression.objects.create(
            channel="email",
            address_hash=address_hash("email", EMAIL),
            reason="unsubscribed",
            suppressed_at=NOON,
        )
        plan("receipt", at=NOON)

        send()

        assert len(recorders["email"].sent) == 1

    def test_comes_from_the_sender_that_was_set(self, recorders):
        receipts(sender="recibos@loja.com.br")
        build_sale(customer=build_customer(email=EMAIL))
        plan("receipt", at=NOON)

        send()

        assert recorders["email"].sent[0].sender_address == "recibos@loja.com.br"


class TestTill:
    def sell(self, till: Till, **fields: Any) -> str:
        answer = till.sell(sale(line(), **fields))
        assert answer.status_code == 201, answer.content
        return str(answer.json()["sale"])

    def ask(self, till: Till, sold: str, channel: str = "sms", **fields: Any) -> Any:
        return till.send("POST", f"sales/{sold}/receipt/", {"channel": channel} | fields)

    def test_sends_it_where_a_stranger_wants_it_and_keeps_nothing_else(self, recorders):
        receipts()
        till = Till.open()
        sold = self.sell(till)

        first = self.ask(till, sold, address="(11) 98765-4321")
        again = self.ask(till, sold, address="+55 11 98765-4321")
        send(timezone.now())

        assert (first.status_code, again.status_code) == (201, 200)
        assert again["Idempotency-Replayed"] == "true"
        assert first.json()["sent_to"] == "····4321"
        assert [sent.to for sent in recorders["sms"].sent] == ["+5511987654321"]
        assert Message.objects.get().customer is None

    def test_an_address_of_somebody_else_gets_this_receipt_and_never_marketing(self, recorders):
        receipts()
        till = Till.open()
        # Agreed on every channel, with a phone alone.
        customer = build_reachable_customer(document="39053344705", email="", phone="+5511987654321")
        sold = self.sell(till, customer={"document": "39053344705"})
        assert self.ask(till, sold, "email", address="colega@example.com").status_code == 201

        texts = {"email": TextDraft(subject="Oi", text="Os casacos"), "sms": TextDraft(text="Os casacos")}
        whole = Sale.objects.get()
        mailing = build_mailing(sale_ids=[whole.pk], texts=texts, at=timezone.now())
        confirm_mailing(mailing=mailing, by=None, at=timezone.now())
        jobs.run_due_jobs(clock=timezone.now)
        send(timezone.now())

        customer.refresh_from_db()
        assert customer.email == ""
        assert [(sent.to, sent.subject) for sent in recorders["email"].sent] == [
            ("colega@example.com", "Oi, Ana")
        ]
        assert [sent.to for sent in recorders["sms"].sent] == ["+5511987654321"]

    def test_completes_a_customer_without_the_address_when_it_is_their_own(self):
        receipts()
        till = Till.open()
        customer = build_customer(document="39053344705", email="", phone="")
        sold = self.sell(till, customer={"document": "39053344705"})

        assert self.ask(till, sold, "email", address="Ana@Example.com", own=True).status_code == 201

        customer.refresh_from_db()
        assert customer.email == EMAIL
        assert not Consent.objects.exists()

    def test_leaves_an_address_that_is_known_as_it_is(self):
        receipts()
        till = Till.open()
        customer = build_customer(document="39053344705", email="velha@example.com")
        sold = self.sell(till, customer={"document": "39053344705"})

        self.ask(till, sold, "email", address=EMAIL, own=True)

        customer.refresh_from_db()
        assert customer.email == "velha@example.com"
        assert Message.objects.get().to == EMAIL

    def test_what_is_asked_for_is_not_sent_by_itself_too(self):
        receipts()
        till = Till.open()
        build_customer(document="39053344705", email=EMAIL)
        sold = self.sell(till, customer={"document": "39053344705"})
        self.ask(till, sold, "email")

        assert plan("receipt", at=timezone.now()) == 0

    def test_what_was_sent_by_itself_is_not_sent_again_to_the_same_address(self):
        receipts()
        till = Till.open()
        build_customer(document="39053344705", email=EMAIL)
        sold = self.sell(till, customer={"document": "39053344705"})
        plan("receipt", at=timezone.now())

        assert self.ask(till, sold, "email").status_code == 200
        assert self.ask(till, sold, "sms", address="+5511987654321").status_code == 201
        assert Message.objects.count() == 2

    @pytest.mark.parametrize(
        ("body", "status", "code"),
        [
            ({"channel": "whatsapp", "address": "+5511987654321"}, 422, "channel_off"),
            ({"channel": "sms"}, 422, "no_address"),
            ({"channel": "sms", "address": "ana@example.com"}, 422, "invalid"),
            ({"channel": "email", "address": "ana at example"}, 422, "invalid"),
        ],
    )
    def test_says_what_is_wrong(self, body, status, code):
        receipts()
        till = Till.open()
        sold = self.sell(till)

        answer = till.send("POST", f"sales/{sold}/receipt/", body)

        assert answer.status_code == status
        if code != "invalid":
            assert answer.json()["code"] == code
        assert not Message.objects.exists()

    def test_is_refused_while_receipts_are_off_and_of_other_stores_sales(self):
        till, other = Till.open(), Till.open()
        sold = self.sell(till)

        assert self.ask(till, sold, address="+5511987654321").json()["code"] == "receipts_off"
        receipts()
        assert self.ask(other, sold, address="+5511987654321").status_code == 404

    def test_is_told_what_it_may_offer(self):
        automation = receipts(operations="SAL")
        till = Till.open()

        told = till.send("GET", "terminal/").json()["receipt"]
        assert told["send"] == {"email": "always", "sms": "offer", "whatsapp": "never"}
        assert told["operations"] == ["SAL"]

        automation.stores_off.add(till.terminal.store)
        assert set(till.send("GET", "terminal/").json()["receipt"]["send"].values()) == {"never"}


class TestAgain:
    def test_sends_as_often_as_it_is_pressed_and_once_for_each_press(self):
        receipts()
        bought = build_sale(customer=build_customer(email=EMAIL))
        plan("receipt", at=NOON)
        token = uuid.uuid4()

        first = send_again(sale=bought, channel="email", token=token, at=NOON)
        again = send_again(sale=bought, channel="email", token=token, at=NOON)

        assert (first.replayed, again.replayed) == (False, True)
        assert sorted(Message.objects.values_list("occasion_key", flat=True)) == [
            f"sale:{bought.pk}",
            f"sale:{bought.pk}:2",
        ]

    def test_a_form_that_is_kept_open_sends_to_each_address_once(self):
        receipts()
        bought, token = build_sale(customer=build_customer(email=EMAIL)), uuid.uuid4()

        asked = [
            send_again(sale=bought, token=token, at=NOON, **where)
            for where in [{"channel": "email"}, {"channel": "sms", "address": "+5511987654321"}] * 2
        ]

        assert [one.replayed for one in asked] == [False, False, True, True]
        assert [message.to for message in Message.objects.order_by("pk")] == [EMAIL, "+5511987654321"]
        other = send_again(sale=build_sale(), token=token, channel="email", address=EMAIL, at=NOON)
        assert not other.replayed

    def test_the_planner_that_comes_between_is_no_reason_for_a_second_one(self, monkeypatch):
        receipts()
        bought = build_sale(customer=build_customer(email=EMAIL))
        create = receipt_services._create

        def create_after_the_planner(*arguments, **options):
            plan("receipt", at=NOON)
            return create(*arguments, **options)

        monkeypatch.setattr(receipt_services, "_create", create_after_the_planner)

        assert request_receipt(sale=bought, channel="email", at=NOON).replayed
        assert Message.objects.count() == 1

    def test_ends_at_five_of_one_sale(self):
        receipts()
        bought = build_sale()
        for number in range(5):
            request_receipt(sale=bought, channel="sms", address=f"+551198765432{number}", at=NOON)

        with pytest.raises(TooManyReceipts):
            request_receipt(sale=bought, channel="sms", address="+5511987654329", at=NOON)

    def test_by_the_page_of_the_sale(self, client: Client):
        receipts()
        at = timezone.now()
        bought = build_sale(customer=build_customer(email=EMAIL), occurred_at=at, received_at=at)
        rights = ["retail.view_sale", "retail.change_sale", "customers.view_customer"]
        client.force_login(build_user(permissions=rights))

        assert f"/sales/{bought.pk}/receipt/" in client.get(f"/sales/{bought.pk}/").content.decode()
        page = f"/sales/{bought.pk}/receipt/"
        assert client.get(page).status_code == 200
        wrong = client.post(page, {"channel": "sms", "address": "abc", "token": str(uuid.uuid4())})
        sent = client.post(page, {"channel": "email", "address": "", "token": str(uuid.uuid4())})

        assert wrong.status_code == 422
        assert sent.status_code == 302
        assert Message.objects.get().to == EMAIL


class TestPage:
    def test_shows_the_sale_to_whoever_has_the_link(self, recorders, settings):
        receipts()
        at = timezone.now()
        bought = build_sale(
            customer=build_customer(name="Ana Souza", email=EMAIL), occurred_at=at, received_at=at
        )
        request_receipt(sale=bought, channel="sms", address="+5511987654321", at=at)
        send(at)
        link = recorders["sms"].sent[0].text.split()[-1]
        path = link.removeprefix(settings.PUBLIC_URL)

        page = Client().get(path)

        assert page.status_code == 200
        text = page.content.decode().replace("\N{NO-BREAK SPACE}", " ")
        assert "R$ 50,00" in text
        assert "SKU-1" in text
        for personal in ("Ana Souza", EMAIL, "98765"):
            assert personal not in text + path
        assert page["Referrer-Policy"] == "no-referrer"
        assert "no-store" in page["Cache-Control"]
        assert Client().post(path).status_code == 405
        assert Message.objects.get().state == MessageState.SENT

    def test_is_not_found_when_forged_cancelled_or_old(self):
        at = timezone.now()
        bought = build_sale(occurred_at=at, received_at=at)
        path = f"/receipt/{receipt_url(bought).rpartition('/receipt/')[2]}"
        assert Client().get(path).status_code == 200

        assert Client().get(f"{path[:-5]}AAAA/").status_code == 404
        assert Client().get(path.replace("/receipt/", "/survey/")).status_code == 404
        Sale.objects.filter(pk=bought.pk).update(received_at=at - timedelta(days=181))
        assert Client().get(path).status_code == 404
        Sale.objects.filter(pk=bought.pk).update(received_at=at, state="cancelled", cancelled_at=at)
        assert Client().get(path).status_code == 404


def test_a_store_offers_nothing_while_receipts_are_off():
    receipts()
    Automation.objects.filter(occasion="receipt").update(enabled=False)

    assert set(offers_of(build_store().pk).modes.values()) == {"never"}
