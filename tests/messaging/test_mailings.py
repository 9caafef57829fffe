"""Mailings from the draft to the results: who is frozen, what leaves, what stops it, and that nobody gets it twice."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection

from campaigns.models import Job
from campaigns.services import jobs
from customers.models import Customer
from customers.selectors import standing_consents
from customers.services.segment_groupings import make_grouping, refresh_due
from messaging.channels.base import DeliveryFailed
from messaging.contact_policy import CapDocument, Policy
from messaging.models import (
    Channel,
    Mailing,
    MailingMember,
    MailingState,
    MarketingSettings,
    Message,
    MessageState,
    Template,
)
from messaging.selectors.audience import count_reach, sales_without_anybody
from messaging.selectors.mailings import progress_of, results_of
from messaging.selectors.marketing import REFUSED_PROFILING_SQL, refused_profiling
from messaging.services import mailing_freezing
from messaging.services.contact_policies import save_policy
from messaging.services.delivery import claim, deliver, deliver_due
from messaging.services.mailing_clock import LATEST, advance_mailings
from messaging.services.mailing_course import (
    approve_mailing,
    cancel_mailing,
    confirm_mailing,
    pause_mailing,
    resume_mailing,
    return_to_draft,
)
from messaging.services.mailings import Draft, MailingInvalid, MailingRefused, TextDraft, change_mailing
from retail.models import Company
from tests.builders import NOON, build_consent, build_customer, build_sale, build_segment, build_user
from tests.messaging.builders import (
    build_automation,
    build_cart,
    build_mailing,
    build_message,
    build_reachable_customer,
    build_template,
)

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def people(number, **values):
    return [
        build_reachable_customer(**{"city": "Santos", "name": "Ana Souza"} | values) for _ in range(number)
    ]


def run_jobs(at=NOON):
    return jobs.run_due_jobs(clock=lambda: at)


def begin(mailing, at=NOON):
    """Confirm a draft and gather its people."""
    confirm_mailing(mailing=mailing, by=None, at=at)
    run_jobs(at)
    return reload(mailing)


def reload(mailing):
    return Mailing.objects.get(pk=mailing.pk)


def send(at=NOON, limit=1_000):
    return deliver_due(clock=lambda: at, limit=limit)


def states(mailing):
    return sorted(mailing.messages.values_list("state", flat=True))


class TestFreezing:
    def test_writes_a_message_for_everybody_of_the_segment(self):
        found = people(3)
        build_reachable_customer(city="Recife")

        mailing = begin(build_mailing())

        assert mailing.state == MailingState.SENDING
        assert set(mailing.messages.values_list("customer", flat=True)) == {one.pk for one in found}
        assert {message.person for message in mailing.messages.all()} == {f"c:{one.pk}" for one in found}
        assert states(mailing) == ["queued"] * 3
        assert (mailing.member_count, mailing.held_out_count) == (3, 0)

    def test_says_at_once_who_has_no_address(self):
        people(1, phone="")

        message = begin(build_mailing()).messages.get()

        assert (message.state, message.reason, message.closed_at) == ("suppressed", "no_address", NOON)

    def test_keeps_the_held_out_without_a_message(self):
        people(30)

        mailing = begin(build_mailing(holdout_percent=Decimal(50)))

        out = set(
            MailingMember.objects.filter(mailing=mailing, held_out=True).values_list("customer", flat=True)
        )
        assert 0 < len(out) < 30
        assert mailing.held_out_count == len(out)
        assert not out & set(mailing.messages.values_list("customer", flat=True))
        assert mailing.messages.count() == 30 - len(out)

    @pytest.mark.parametrize("batches", [1, 2, 3, 4])
    def test_goes_on_where_a_killed_worker_left_it(self, monkeypatch, batches):
        people(5)
        monkeypatch.setattr(mailing_freezing, "MESSAGES", 1)
        mailing = build_mailing(holdout_percent=Decimal(20))
        confirm_mailing(mailing=mailing, by=None, at=NOON)
        written = iter(range(100))
        original = mailing_freezing._write

        def killed(*arguments):
            if next(written) == batches:
                raise KeyboardInterrupt
            return original(*arguments)

        with monkeypatch.context() as patch:
            patch.setattr(mailing_freezing, "_write", killed)
            with pytest.raises(KeyboardInterrupt):
                run_jobs()
        assert reload(mailing).state == MailingState.FREEZING
        run_jobs()

        mailing = reload(mailing)
        members = MailingMember.objects.filter(mailing=mailing)
        assert mailing.state == MailingState.SENDING
        assert (mailing.member_count, members.count()) == (5, 5)
        assert mailing.held_out_count == members.filter(held_out=True).count()
        assert mailing.messages.count() == members.filter(held_out=False).count()

    def test_sends_nothing_before_everybody_is_gathered(self, sms, monkeypatch):
        people(2)
        monkeypatch.setattr(
            mailing_freezing, "_begin_sending", lambda *_arguments, **_values: build_mailing()
        )
        mailing = begin(build_mailing())

        send()

        assert mailing.state == MailingState.FREEZING
        assert sms.sent == []

    def test_stops_between_batches_when_it_is_paused_and_goes_on_when_it_is_resumed(self, monkeypatch):
        people(3)
        monkeypatch.setattr(mailing_freezing, "MESSAGES", 1)
        mailing = build_mailing()
        confirm_mailing(mailing=mailing, by=None, at=NOON)
        original = mailing_freezing._write

        def pausing(mailing_id, progress):
            more = original(mailing_id, progress)
            pause_mailing(mailing=mailing, by=None, at=NOON)
            return more

        with monkeypatch.context() as patch:
            patch.setattr(mailing_freezing, "_write", pausing)
            run_jobs()
        assert (reload(mailing).state, mailing.messages.count()) == (MailingState.PAUSED, 1)

        resume_mailing(mailing=mailing, by=None, at=NOON)
        run_jobs()

        assert (reload(mailing).state, mailing.messages.count()) == (MailingState.SENDING, 3)

    def test_asks_the_question_of_the_moment_of_confirming(self):
        people(1)
        mailing = build_mailing(send_at=NOON + timedelta(hours=1))
        confirm_mailing(mailing=mailing, by=None, at=NOON)
        mailing.segment.tree = {"all": [{"field": "city", "operator": "eq", "value": "Recife"}]}
        mailing.segment.save()
        mailing.segment.delete()

        advance_mailings(at=NOON + timedelta(hours=1))
        run_jobs(NOON + timedelta(hours=1))

        assert mailing.messages.count() == 1


class TestSales:
    def test_writes_once_to_a_customer_about_the_last_sale(self, sms):
        (customer,) = people(1)
        build_sale(customer=customer, ticket="111", occurred_at=NOON - timedelta(days=2))
        newest = build_sale(customer=customer, ticket="222", occurred_at=NOON - timedelta(days=1))
        texts = {"sms": TextDraft(text="Obrigado pela compra {{ sale.ticket }}!")}

        mailing = begin(build_mailing(texts=texts, sale_ids=[sale.pk for sale in customer.sales.all()]))
        send()

        assert [outgoing.text for outgoing in sms.sent] == ["Obrigado pela compra 222!"]
        assert mailing.messages.get().sale == newest

    def test_an_unknown_address_becomes_a_customer_without_consent(self, sms):
        sale = build_sale(request={"customer": {"email": "Nova@Example.com"}})
        texts = {"email": TextDraft(subject="Oi", text="Obrigado!")}

        mailing = begin(build_mailing(texts=texts, sale_ids=[sale.pk]))
        send()

        customer = Customer.objects.get(email="nova@example.com")
        message = mailing.messages.get(customer=customer)
        assert (message.state, message.reason) == ("suppressed", "no_consent")
        assert customer.home_store == sale.store
        sale.refresh_from_db()
        assert sale.customer is None

    def test_fills_in_missing_contact_data_and_changes_none(self):
        known = build_customer(email="", phone="+5511987654321")
        sale = build_sale(
            customer=known, request={"customer": {"email": "ana@example.com", "phone": "+5511911112222"}}
        )

        begin(build_mailing(sale_ids=[sale.pk]))

        known.refresh_from_db()
        assert (known.email, known.phone) == ("ana@example.com", "+5511987654321")

    def test_leaves_sales_without_anybody_out_and_says_which_and_why(self):
        anonymous = build_sale(ticket="A")
        closed = build_sale(ticket="C", customer=build_reachable_customer(is_active=False))
        told = build_sale(request={"captured": {"email": "nova@example.com"}})
        mailing = begin(build_mailing(sale_ids=[sale.pk for sale in (anonymous, closed, told)]))

        assert mailing.messages.count() == 1
        assert [(one.sale_id, one.ticket, one.reason) for one in sales_without_anybody(mailing)] == [
            (anonymous.pk, "A", "no_customer"),
            (closed.pk, "C", "customer_inactive"),
        ]

    def test_refuses_sales_that_have_nobody_at_all(self):
        closed = build_sale(customer=build_reachable_customer(is_active=False))

        with pytest.raises(MailingInvalid) as refusal:
            build_mailing(sale_ids=[build_sale().pk, closed.pk])

        assert [(error.path, error.code) for error in refusal.value.errors] == [("sales", "nobody")]

    @pytest.mark.parametrize(
        ("whom", "path", "code"),
        [
            (lambda: {"sale": build_sale()}, "sale", "nobody"),
            (lambda: {"customer": build_reachable_customer(phone="")}, "customer", "no_address"),
            (lambda: {"sale": build_sale(customer=build_reachable_customer(phone=""))}, "sale", "no_address"),
        ],
        ids=["a sale of nobody", "a customer without a phone", "a sale of one"],
    )
    def test_refuses_one_person_who_cannot_be_reached(self, whom, path, code):
        with pytest.raises(MailingInvalid) as refusal:
            build_mailing(**whom())

        assert [(error.path, error.code) for error in refusal.value.errors] == [(path, code)]

    def test_takes_one_person_whose_phone_the_sale_tells(self):
        known = build_reachable_customer(phone="")
        sale = build_sale(customer=known, request={"captured": {"phone": "(11) 98765-4321"}})

        mailing = begin(build_mailing(sale=sale))

        assert mailing.messages.get().state == "queued"
        known.refresh_from_db()
        assert known.phone == "+5511987654321"

    def test_refuses_one_person_who_is_not_active(self):
        closed = build_reachable_customer(is_active=False)

        for whom in ({"customer": closed}, {"sale": build_sale(customer=closed)}):
            with pytest.raises(MailingInvalid) as refusal:
                build_mailing(**whom)
            assert [(error.path, error.code) for error in refusal.value.errors] == [
                (next(iter(whom)), "customer_inactive")
            ]

    def test_refuses_tests(self):
        with pytest.raises(MailingInvalid) as refusal:
            build_mailing(sale_ids=[build_sale(is_test=True).pk])

        assert [error.path for error in refusal.value.errors] == ["sales"]


class TestSending:
    def test_sends_each_message_once_and_then_finishes(self, sms):
        people(3)
        mailing = begin(build_mailing())
        for minute in range(3):
            send(NOON + minute * MINUTE)
            advance_mailings(at=NOON + minute * MINUTE)

        mailing = reload(mailing)
        assert len(sms.sent) == 3
        assert mailing.state == MailingState.FINISHED
        assert mailing.ended_at == NOON

    def test_is_not_finished_while_anything_is_queued_or_claimed(self, sms):
        people(2)
        mailing = begin(build_mailing())
        send(limit=1)
        advance_mailings(at=NOON)
        assert reload(mailing).state == MailingState.SENDING
        claim(at=NOON, limit=5)
        advance_mailings(at=NOON)

        assert reload(mailing).state == MailingState.SENDING

    def test_paused_claims_nothing_and_resumed_sends_only_the_rest(self, sms):
        people(5)
        mailing = begin(build_mailing())
        send(limit=2)
        pause_mailing(mailing=mailing, by=None, at=NOON)
        send()
        assert len(sms.sent) == 2
        advance_mailings(at=NOON)
        assert reload(mailing).state == MailingState.PAUSED

        resume_mailing(mailing=mailing, by=None, at=NOON)
        send()
        advance_mailings(at=NOON)

        assert len({outgoing.to for outgoing in sms.sent}) == len(sms.sent) == 5
        assert reload(mailing).state == MailingState.FINISHED

    def test_what_was_claimed_before_the_pause_goes_back(self, sms):
        people(1)
        mailing = begin(build_mailing())
        lease, (claimed,) = claim(at=NOON, limit=5)
        pause_mailing(mailing=mailing, by=None, at=NOON)

        deliver(message_id=claimed, lease=lease, clock=lambda: NOON)

        message = Message.objects.get(pk=claimed)
        assert (message.state, message.lease, sms.sent) == ("queued", None, [])

    def test_cancelled_sends_nothing_more_and_says_why(self, sms):
        people(4)
        mailing = begin(build_mailing())
        send(limit=1)
        lease, (claimed,) = claim(at=NOON, limit=1)
        cancel_mailing(mailing=mailing, by=None, at=NOON)
        deliver(message_id=claimed, lease=lease, clock=lambda: NOON)
        send()
        advance_mailings(at=NOON)

        assert len(sms.sent) == 1
        assert progress_of(reload(mailing)).not_sent == {"mailing_cancelled": 3}

    def test_other_messages_go_first(self, sms):
        people(2)
        begin(build_mailing(), at=NOON - timedelta(hours=1))
        build_automation()
        waiting = build_message()

        _lease, claimed = claim(at=NOON, limit=1)

        assert claimed == [waiting.pk]

    def test_a_large_mailing_does_not_stand_before_a_small_one(self):
        people(6)
        large = begin(build_mailing())
        small = begin(build_mailing())

        _lease, claimed = claim(at=NOON, limit=4)

        found = Message.objects.filter(pk__in=claimed).values_list("mailing", flat=True)
        assert sorted(found) == sorted([large.pk, large.pk, small.pk, small.pk])

    def test_consent_is_asked_when_the_message_leaves(self, sms):
        (customer,) = people(1)
        mailing = begin(build_mailing())
        build_consent(customer=customer, purpose="marketing", granted=False, given_at=NOON)

        send()

        assert (mailing.messages.get().reason, sms.sent) == ("no_consent", [])

    def test_is_useless_after_its_days(self, sms):
        people(1)
        mailing = begin(build_mailing(useful_days=2))

        send(NOON + timedelta(days=2))

        assert mailing.messages.get().reason == "too_late"

    def test_what_stands_still_in_a_paused_mailing_holds_nothing_up(self, sms):
        (customer,) = people(1)
        policy = Policy(caps={"all": CapDocument(most=1, days=3)}, priority=["mailing", "recovery"])
        save_policy(policy=policy, by=build_user(), at=NOON)
        pause_mailing(mailing=begin(build_mailing()), by=None, at=NOON)
        build_automation()
        cart = build_cart(customer=customer, last_interaction_at=NOON - timedelta(minutes=30))
        message = build_message(cart=cart)

        send()

        assert Message.objects.get(pk=message.pk).state == MessageState.SENT

    def test_one_person_gets_a_direct_message(self, sms):
        (customer,) = people(1)
        people(1)

        mailing = begin(build_mailing(customer=customer))
        send()

        message = mailing.messages.get()
        assert (message.occasion, message.occasion_key) == ("direct", f"direct:{mailing.uuid.hex}")
        assert [outgoing.to for outgoing in sms.sent] == [customer.phone]


class TestSchedule:
    def test_begins_at_its_moment(self):
        people(1)
        mailing = build_mailing(send_at=NOON + MINUTE)
        confirm_mailing(mailing=mailing, by=None, at=NOON)
        advance_mailings(at=NOON)
        assert reload(mailing).state == MailingState.SCHEDULED

        advance_mailings(at=NOON + MINUTE)

        assert reload(mailing).state == MailingState.FREEZING

    def test_a_moment_in_the_past_is_refused(self):
        for moment in (NOON, NOON - timedelta(days=365)):
            with pytest.raises(MailingInvalid) as refusal:
                build_mailing(send_at=moment)
            assert [error.path for error in refusal.value.errors] == ["send_at"]
        mailing = build_mailing(send_at=NOON + MINUTE)

        with pytest.raises(MailingInvalid) as refusal:
            confirm_mailing(mailing=mailing, by=None, at=NOON + MINUTE)

        assert [error.code for error in refusal.value.errors] == ["past"]
        assert reload(mailing).state == MailingState.DRAFT

    def test_a_late_one_waits_for_a_decision(self):
        mailing = build_mailing(send_at=NOON + MINUTE)
        confirm_mailing(mailing=mailing, by=None, at=NOON)

        advance_mailings(at=NOON + MINUTE + LATEST + MINUTE)

        mailing = reload(mailing)
        assert (mailing.state, mailing.note) == (MailingState.PAUSED, "late")
        resume_mailing(mailing=mailing, by=None, at=NOON + timedelta(days=1))
        assert reload(mailing).state == MailingState.FREEZING

    def test_a_cancelled_job_pauses_the_mailing(self):
        mailing = build_mailing()
        confirm_mailing(mailing=mailing, by=None, at=NOON)
        jobs.cancel_job(job=Job.objects.get(arguments__mailing=mailing.pk), at=NOON)

        advance_mailings(at=NOON)

        assert (reload(mailing).state, reload(mailing).note) == (MailingState.PAUSED, "job_cancelled")

    def test_two_clocks_begin_it_once(self):
        mailing = build_mailing(send_at=NOON + MINUTE)
        confirm_mailing(mailing=mailing, by=None, at=NOON)

        for _ in range(2):
            advance_mailings(at=NOON + MINUTE)

        assert Job.objects.filter(arguments__mailing=mailing.pk).count() == 1


class TestApproval:
    def test_needs_somebody_else_when_the_company_asks_for_it(self):
        writer, other = build_user(), build_user()
        mailing = build_mailing(by=writer)
        Company.objects.update(approval_required=True)
        confirm_mailing(mailing=mailing, by=writer, at=NOON)
        assert reload(mailing).state == MailingState.AWAITING
        with pytest.raises(MailingRefused) as refusal:
            approve_mailing(mailing=mailing, by=writer, at=NOON)
        assert refusal.value.code == "second_person_needed"

        approve_mailing(mailing=mailing, by=other, at=NOON)

        assert (reload(mailing).state, reload(mailing).approved_by) == (MailingState.FREEZING, other)

    def test_is_not_given_by_anybody_who_wrote_it(self):
        writer, rewriter, other = build_user(), build_user(), build_user()
        mailing = build_mailing(by=writer)
        segment = mailing.segment
        Company.objects.update(approval_required=True)
        texts = {"sms": TextDraft(text="Tudo pela metade!")}
        draft = Draft(name="Outra", texts=texts, segment=segment)
        change_mailing(mailing=mailing, draft=draft, by=rewriter, at=NOON)
        confirm_mailing(mailing=mailing, by=writer, at=NOON)
        return_to_draft(mailing=mailing, by=other, at=NOON)
        confirm_mailing(mailing=mailing, by=None, at=NOON)

        for author in (writer, rewriter):
            with pytest.raises(MailingRefused) as refusal:
                approve_mailing(mailing=mailing, by=author, at=NOON)
            assert refusal.value.code == "second_person_needed"

        # Whoever only sent it back wrote nothing.
        approve_mailing(mailing=mailing, by=other, at=NOON)
        assert reload(mailing).approved_by == other

    def test_comes_too_late_when_the_moment_has_passed(self):
        mailing = build_mailing(by=build_user(), send_at=NOON + MINUTE)
        Company.objects.update(approval_required=True)
        confirm_mailing(mailing=mailing, by=None, at=NOON)

        with pytest.raises(MailingInvalid) as refusal:
            approve_mailing(mailing=mailing, by=build_user(), at=NOON + timedelta(days=1))

        assert [(error.path, error.code) for error in refusal.value.errors] == [("send_at", "past")]
        assert reload(mailing).state == MailingState.AWAITING

    def test_is_of_the_version_that_was_looked_at(self):
        mailing = build_mailing(by=build_user())
        Company.objects.update(approval_required=True)
        confirm_mailing(mailing=mailing, by=None, at=NOON)

        with pytest.raises(MailingRefused) as refusal:
            approve_mailing(mailing=mailing, version=mailing.number + 1, by=build_user(), at=NOON)

        assert refusal.value.code == "mailing_changed"

    def test_can_be_refused_with_a_comment(self):
        mailing = build_mailing()
        Company.objects.update(approval_required=True)
        confirm_mailing(mailing=mailing, by=None, at=NOON)

        return_to_draft(mailing=mailing, comment="Outro texto.", by=build_user(), at=NOON)

        assert reload(mailing).state == MailingState.DRAFT
        assert mailing.changes.order_by("-pk").first().detail == "Outro texto."


class TestWhatsApp:
    def template(self, **values):
        return build_template(
            **{
                "name": "INVERNO", "occasion": "", "applies_to": "customers", "in_use": False, "channel": Channel.WHATSAPP,
                "text": "Oi, os casacos chegaram!", "approval": "approved", "content_sid": "HX1", "submitted_sid": "HX1",
                "allow_several": True,
            }
            | values
        )  # fmt: skip

    def texts(self, template):
        return {"whatsapp": TextDraft(template_id=template.pk)}

    @pytest.mark.parametrize(
        ("values", "code"),
        [
            ({"approval": "draft", "content_sid": "", "allow_several": False}, "template_not_approved"),
            ({"allow_several": False}, "template_not_for_several"),
            ({"applies_to": "sales"}, "no_template"),
        ],
    )
    def test_refuses_what_is_not_well_set_up(self, values, code):
        with pytest.raises(MailingInvalid) as refusal:
            build_mailing(texts=self.texts(self.template(**values)))

        assert [(error.path, error.code) for error in refusal.value.errors] == [
            ("texts.whatsapp.template", code)
        ]

    def test_says_that_the_approval_was_withdrawn_meanwhile(self):
        people(1)
        template = self.template()
        mailing = begin(build_mailing(texts=self.texts(template)))
        Template.objects.filter(pk=template.pk).update(approval="paused", content_sid="", allow_several=False)

        send()

        message = mailing.messages.get()
        assert (message.state, message.reason) == (MessageState.SUPPRESSED, "template_withdrawn")


class TestCount:
    def test_counts_each_person_at_the_first_open_channel(self):
        people(2)
        people(1, phone="")
        people(1, phone="", email="")
        people(1, channels=())
        texts = {"sms": TextDraft(text="Oi!"), "email": TextDraft(subject="Oi", text="Oi!")}

        reach = count_reach(build_mailing(texts=texts), at=NOON)

        assert (reach.people, reach.by_channel, reach.unreachable) == (5, {"sms": 2, "email": 1}, 2)

    def test_counts_only_confirmed_answers_with_double_opt_in(self):
        MarketingSettings.objects.create(pk=1, double_opt_in_since=NOON)
        before, unconfirmed, confirmed = people(3, channels=())
        for customer, given_at, source in (
            (before, NOON - MINUTE, "till"),
            (unconfirmed, NOON, "till"),
            (confirmed, NOON, "confirmation"),
        ):
            build_consent(customer=customer, purpose="marketing", given_at=given_at, source=source)

        assert count_reach(build_mailing(), at=NOON).by_channel == {"sms": 2}

    def test_counts_the_held_out_whom_freezing_holds_out(self):
        people(20)
        mailing = build_mailing(holdout_percent=Decimal(40))
        reach = count_reach(mailing, at=NOON)

        assert begin(mailing).held_out_count == reach.held_out


class TestResults:
    def test_compare_those_who_were_written_to_with_the_held_out(self, sms):
        found = people(40)
        mailing = begin(build_mailing(holdout_percent=Decimal(50), result_days=7))
        send()
        out = set(
            MailingMember.objects.filter(mailing=mailing, held_out=True).values_list("customer", flat=True)
        )
        written_to = [one for one in found if one.pk not in out]
        build_sale(customer=written_to[0], occurred_at=NOON + timedelta(days=1))
        build_sale(customer=written_to[0], occurred_at=NOON + timedelta(days=2))
        build_sale(customer=written_to[1], occurred_at=NOON + timedelta(days=7))
        build_sale(customer=written_to[1], occurred_at=NOON - MINUTE)
        build_sale(customer=written_to[1], occurred_at=NOON + MINUTE, is_test=True)

        results = results_of(reload(mailing))

        assert (results.written_to.buyers, results.written_to.revenue, results.sales) == (
            1,
            Decimal("100.00"),
            2,
        )
        assert (results.held_out.people, results.held_out.buyers) == (len(out), 0)
        assert results.uplift is not None
        assert results.progress.sent == 40 - len(out)

    def test_have_the_cost_of_the_moment_of_sending(self, sms):
        people(2)
        mailing = begin(build_mailing())
        Company.objects.update(sms_segment_price=Decimal("0.085"))
        send()
        Company.objects.update(sms_segment_price=Decimal("9"))

        outcome = results_of(reload(mailing)).outcome

        assert (outcome.segments, outcome.cost) == (2, Decimal("0.170"))

    def test_cost_nothing_where_a_text_message_was_refused_and_an_email_went_out(self, recorders):
        recorders["sms"].fail(DeliveryFailed("21211", "no", permanent=True))
        people(1)
        Company.objects.update(sms_segment_price=Decimal("0.085"))
        texts = {"sms": TextDraft(text="Oi"), "email": TextDraft(subject="Oi", text="Oi")}
        mailing = begin(build_mailing(texts=texts))
        send()
        send(at=NOON + MINUTE)

        outcome = results_of(reload(mailing)).outcome

        assert Message.objects.get(mailing=mailing).channel == "email"
        assert (outcome.segments, outcome.cost) == (0, None)

    def test_have_the_sales_that_count_for_the_messages(self, sms):
        [customer] = people(1)
        mailing = begin(build_mailing())
        send()
        build_sale(customer=customer, occurred_at=NOON + timedelta(days=1))

        found = results_of(reload(mailing)).attribution

        assert (found.days, found.total.sales, found.total.revenue) == (7, 1, Decimal("50.00"))


class TestDraft:
    @pytest.mark.parametrize(
        ("values", "path"),
        [
            ({"name": " "}, "name"),
            ({"holdout_percent": Decimal(100)}, "holdout_percent"),
            ({"holdout_percent": Decimal("1.005")}, "holdout_percent"),
            ({"result_days": 0}, "result_days"),
            ({"useful_days": 31}, "useful_days"),
            ({"texts": {"sms": TextDraft(text="{{ customer.shoe }}")}}, "texts.sms.text"),
            ({"texts": {"email": TextDraft(subject="", text="Oi")}}, "texts.email.subject"),
        ],
    )
    def test_names_the_field_that_is_wrong(self, values, path):
        with pytest.raises(MailingInvalid) as refusal:
            build_mailing(**values)

        assert path in [error.path for error in refusal.value.errors]

    @pytest.mark.parametrize("act", [pause_mailing, resume_mailing])
    def test_is_neither_paused_nor_resumed(self, act):
        with pytest.raises(MailingRefused):
            act(mailing=build_mailing(), by=None, at=NOON)


BUYERS = {"all": [{"field": "visits", "operator": "gte", "value": 1}]}


def refuse_profiling(customer, *, channel="", granted=False, at=NOON - MINUTE):
    build_consent(customer=customer, purpose="profiling", channel=channel, granted=granted, given_at=at)


class TestProfiling:
    """Who said no to being chosen by what they buy and read gets no mailing that chooses so."""

    def buyers(self, number):
        found = people(number)
        for customer in found:
            build_sale(customer=customer)
        return found

    def outcome(self, mailing):
        return {message.customer: message.reason for message in mailing.messages.select_related("customer")}

    def test_leaves_out_who_refused_it_and_says_so(self, sms):
        ana, bia = self.buyers(2)
        refuse_profiling(ana)
        mailing = build_mailing(segment=build_segment(tree=BUYERS))
        assert count_reach(mailing, at=NOON).by_channel == {"sms": 1}

        mailing = begin(mailing)
        send()

        assert self.outcome(mailing) == {ana: "profiling_refused", bia: ""}
        assert progress_of(mailing).not_sent == {"profiling_refused": 1}
        assert [outgoing.to for outgoing in sms.sent] == [bia.phone]

    def test_hears_who_refuses_while_the_message_waits(self, sms):
        (ana,) = self.buyers(1)
        mailing = begin(build_mailing(segment=build_segment(tree=BUYERS)))
        refuse_profiling(ana, at=NOON)

        send()

        message = mailing.messages.get()
        assert (message.state, message.reason, sms.sent) == ("suppressed", "profiling_refused", [])

    def test_looks_through_groupings_of_segments(self):
        (ana,) = self.buyers(1)
        refuse_profiling(ana)
        grouping = make_grouping(segment=build_segment(tree=BUYERS))
        refresh_due(at=NOON)
        tree = {"all": [{"field": "grouping", "operator": "in", "value": [grouping.code]}]}

        mailing = begin(build_mailing(segment=build_segment(tree=tree)))

        assert self.outcome(mailing) == {ana: "profiling_refused"}

    def test_counts_choosing_by_sales(self):
        (ana,) = people(1)
        refuse_profiling(ana)

        mailing = begin(build_mailing(sale_ids=[build_sale(customer=ana).pk]))

        assert self.outcome(mailing) == {ana: "profiling_refused"}

    def test_lets_through_what_does_not_choose_so(self, sms):
        (ana,) = people(1)
        refuse_profiling(ana)

        by_city, to_her = begin(build_mailing()), begin(build_mailing(customer=ana))
        send()

        assert self.outcome(by_city) == self.outcome(to_her) == {ana: ""}
        assert len(sms.sent) == 2

    @pytest.mark.parametrize(
        "answers",
        [
            [],
            [("", True)],
            [("", False)],
            [("", False), ("", True)],
            [("email", False)],
            [("email", False), ("", True)],
            [("email", True), ("", False)],
        ],
    )
    def test_reads_answers_in_statements_as_elsewhere(self, answers):
        (ana,) = people(1)
        for minute, (channel, granted) in enumerate(answers):
            refuse_profiling(ana, channel=channel, granted=granted, at=NOON + minute * MINUTE)

        with connection.cursor() as cursor:
            question = f"SELECT {REFUSED_PROFILING_SQL} FROM customers_customer c WHERE c.id = %s"  # noqa: S608 - made of constants
            cursor.execute(question, [ana.pk])
            (found,) = cursor.fetchone()

        assert found == refused_profiling(standing_consents([ana.pk])[ana.pk])
