"""The pages of mailings, driven as a manager does."""

import re
from datetime import timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse
from openpyxl import load_workbook

from campaigns.services import jobs
from customers.models import Consent, Customer, Segment
from customers.services.segments import change_segment
from messaging.models import Mailing, MailingState, MarketingSettings, Message, Template
from messaging.services.mailing_course import confirm_mailing
from messaging.services.mailings import TextDraft
from retail.models import Company
from tests.builders import NOON, build_sale, build_segment, build_user
from tests.messaging.builders import build_company, build_mailing, build_reachable_customer, build_template

pytestmark = pytest.mark.django_db
PERMISSIONS = [
    *(f"messaging.{action}_mailing" for action in ("view", "add", "change", "delete", "send")),
    "messaging.view_message", "messaging.add_template", "customers.view_customer", "customers.view_segment",
    "retail.view_sale", "messaging.view_template", "customers.add_customer", "customers.add_consent",
]  # fmt: skip
NEW = "messaging:mailing_create"


@pytest.fixture
def manager(client):
    build_company(sms_limit=150, sms_segment_price=Decimal("0.085"))
    client.force_login(build_user(permissions=PERMISSIONS, email="gisele@example.com"))
    return client


def shown(answer):
    return re.sub(r"\s+", " ", answer.content.decode())


def typed(**values):
    return {
        "name": "Inverno", "language": "pt-br", "first_channel": "sms", "sms_text": "{{ customer.first_name }}, chegaram os casacos!",
        "holdout_percent": "0", "result_days": "14", "useful_days": "3", "action": "save",
    } | values  # fmt: skip


def begin(mailing):
    confirm_mailing(mailing=mailing, by=None, at=NOON)
    jobs.run_due_jobs(clock=lambda: NOON)


class TestComposer:
    def test_saves_a_mailing_to_a_segment(self, manager):
        segment = build_segment()

        answer = manager.post(f"{reverse(NEW)}?segment={segment.code}", typed(segment=segment.code))

        mailing = Mailing.objects.get()
        assert answer.status_code == 302
        assert (mailing.segment, mailing.channels, mailing.state) == (segment, ["sms"], MailingState.DRAFT)
        assert mailing.texts.get().text == "{{ customer.first_name }}, chegaram os casacos!"

    def test_refuses_a_moment_that_no_page_could_show(self, manager):
        segment = build_segment()
        values = typed(segment=segment.code, send_at="9999-12-31T23:00")

        answer = manager.post(f"{reverse(NEW)}?segment={segment.code}", values)

        assert answer.status_code == 422
        assert not Mailing.objects.exists()

    def test_keeps_what_was_typed_when_something_is_wrong(self, manager):
        segment = build_segment()

        answer = manager.post(
            f"{reverse(NEW)}?segment={segment.code}",
            typed(segment=segment.code, sms_text="{{ customer.shoe }}"),
        )

        assert answer.status_code == 422
        assert "{{ customer.shoe }}" in shown(answer)
        assert not Mailing.objects.exists()

    def test_writes_to_the_customers_of_chosen_sales(self, manager):
        sales = [build_sale(customer=build_reachable_customer()) for _ in range(2)]
        assert 'name="sales"' in shown(manager.get(reverse("pos_api:sale_list")))
        query = "&".join(f"sales={sale.pk}" for sale in sales)

        manager.post(f"{reverse(NEW)}?{query}", typed(sms_text="Obrigado pela compra {{ sale.ticket }}!"))

        assert Mailing.objects.get().sales.count() == 2

    @pytest.mark.parametrize("what", ["customer", "sale"])
    def test_writes_to_one_person(self, manager, what):
        customer = build_reachable_customer(name="Ana Souza")
        key = customer.pk if what == "customer" else build_sale(customer=customer).pk

        assert "Ana Souza" in shown(manager.get(f"{reverse(NEW)}?{what}={key}"))
        manager.post(f"{reverse(NEW)}?{what}={key}", typed())

        mailing = Mailing.objects.get()
        assert (mailing.audience, mailing.customer) == ("person", customer)

    def test_inserts_a_template_and_keeps_a_text_as_one(self, manager):
        segment = build_segment()
        template = build_template(
            name="CASACOS", occasion="", applies_to="customers", in_use=False, text="Casacos com 30%!"
        )
        url = f"{reverse(NEW)}?segment={segment.code}"

        inserted = manager.post(
            url, typed(segment=segment.code, action="insert_sms", sms_template=template.pk)
        )
        manager.post(url, typed(segment=segment.code, action="keep_sms", sms_name="INVERNO"))

        assert "Casacos com 30%!" in shown(inserted)
        assert Template.objects.get(name="INVERNO").applies_to == "customers"
        assert not Mailing.objects.exists()

    def test_previews_with_a_real_person_counts_and_tests(self, manager):
        customer = build_reachable_customer(name="Beatriz Lima", city="Santos")
        segment = build_segment()
        data, query = typed(segment=segment.code, shown="sms"), f"?segment={segment.code}"

        seen = manager.post(
            reverse("messaging:mailing_preview") + query, data | {"person": f"c{customer.pk}"}
        )
        counted = manager.post(reverse("messaging:mailing_count") + query, data)
        manager.post(reverse("messaging:mailing_test") + query, data | {"to": "+5511987654321"})

        assert "Beatriz, chegaram os casacos!" in shown(seen)
        assert "<dd>1</dd>" in shown(counted)
        assert Message.objects.get().occasion == "test"

    def test_notes_who_sent_a_test_of_a_draft_where_to(self, manager):
        manager.cookies["django_language"] = "en"
        build_reachable_customer(phone="+5511987654321")
        mailing = build_mailing()

        for to in ("+5511987654321", "+5511900001111"):
            manager.post(
                f"{reverse('messaging:mailing_test')}?mailing={mailing.pk}",
                typed(segment=mailing.segment.code, shown="sms", to=to),
            )

        tested = mailing.changes.filter(action="tested").order_by("pk")
        assert [change.made_by for change in tested] == [User.objects.get()] * 2
        assert "987654321" not in tested[0].detail
        assert "Tested" in shown(manager.get(reverse("messaging:mailing_detail", args=[mailing.pk])))

    def test_says_which_sales_have_nobody_and_why(self, manager):
        build_consented = build_reachable_customer()
        sales = [build_sale(ticket="COM-ANA", customer=build_consented), build_sale(ticket="SEM-NOME")]
        query = "&".join(f"sales={sale.pk}" for sale in sales)

        counted = shown(manager.post(f"{reverse('messaging:mailing_count')}?{query}", typed()))
        stored = build_mailing(sale_ids=[sale.pk for sale in sales])
        reached = shown(manager.get(reverse("messaging:mailing_reach", args=[stored.pk])))
        begin(stored)
        results = shown(manager.get(reverse("messaging:mailing_results", args=[stored.pk])))

        for page in (counted, reached, results):
            assert "SEM-NOME" in page
            assert "COM-ANA" not in page

    @pytest.mark.parametrize(
        ("tracked", "said"),
        [
            ({}, "Opened e-mails and clicks are not counted"),
            ({"track_links": True}, "Opened e-mails are not counted"),
            ({"track_opens": True}, "Clicks are not counted"),
            ({"track_links": True, "track_opens": True}, ""),
        ],
        ids=["nothing", "clicks", "opened", "both"],
    )
    def test_says_what_results_do_not_count(self, manager, tracked, said):
        manager.cookies["django_language"] = "en"
        MarketingSettings.objects.create(pk=1, **tracked)
        build_reachable_customer(city="Santos")
        mailing = build_mailing()
        begin(mailing)

        results = shown(manager.get(reverse("messaging:mailing_results", args=[mailing.pk])))

        assert ("not counted" in results) == bool(said)
        assert said in results

    def test_shows_the_name_of_one_customer_only_to_who_may_see_customers(self, manager, client):
        customer = build_reachable_customer(name="Beatriz Lima")
        composer = shown(manager.get(f"{reverse(NEW)}?customer={customer.pk}"))
        name = re.search(r'name="name"[^>]*value="([^"]*)"', composer) or re.search(
            r'value="([^"]*)"[^>]*name="name"', composer
        )
        mailing = build_mailing(customer=customer, name=name[1])
        pages = [reverse("messaging:mailing_list"), reverse("messaging:mailing_detail", args=[mailing.pk])]
        assert "Beatriz" in shown(manager.get(pages[1]))

        client.force_login(build_user(permissions=["messaging.view_mailing"]))

        for page in pages:
            answer = client.get(page)
            assert answer.status_code == 200
            assert "Beatriz" not in shown(answer)

    @pytest.mark.parametrize("query", ["customer=0", "customer=x", "sale=999999999", "sale=", "mailing=5"])
    def test_knows_nobody_at_other_addresses(self, manager, query):
        assert manager.get(f"{reverse(NEW)}?{query}").status_code == 404

    def test_leads_to_the_templates_when_whatsapp_is_not_set_up(self, manager):
        segment = build_segment()

        answer = manager.post(
            f"{reverse(NEW)}?segment={segment.code}", typed(segment=segment.code, first_channel="whatsapp")
        )

        assert answer.status_code == 422
        assert reverse("messaging:named_template_list") in shown(answer)

    def test_opens_from_a_segment(self, manager):
        segment = build_segment()

        answer = manager.get(reverse("messaging:segment_mailing", args=[segment.code]))

        assert answer.url == f"{reverse(NEW)}?segment={segment.code}"


class TestPages:
    @pytest.fixture(params=["pt-br", "en"])
    def language(self, request, manager):
        manager.cookies["django_language"] = request.param
        return request.param

    def test_are_drawn_before_and_after(self, manager, language):
        for _ in range(4):
            build_reachable_customer(city="Santos")
        mailing = build_mailing(
            holdout_percent=Decimal(50),
            texts={"sms": TextDraft(text="Oi!"), "email": TextDraft(subject="Oi", html="<p>Oi</p>")},
        )
        pages = ["mailing_detail", "mailing_results", "mailing_people", "mailing_reach", "mailing_edit"]
        for name in pages:
            assert manager.get(reverse(f"messaging:{name}", args=[mailing.pk])).status_code == 200
        begin(mailing)

        for name in pages[:-1]:
            assert manager.get(reverse(f"messaging:{name}", args=[mailing.pk])).status_code == 200
        assert mailing.name in shown(manager.get(reverse("messaging:mailing_list")))

    def test_ask_for_the_progress_only_while_it_moves(self, manager):
        build_reachable_customer(city="Santos")
        mailing = build_mailing()
        begin(mailing)
        url = reverse("messaging:mailing_detail", args=[mailing.pk])

        moving = shown(manager.get(url))
        Mailing.objects.update(state=MailingState.FINISHED, ended_at=NOON)
        over = shown(manager.get(url))

        # What is swapped asks, so that the answer to the last question is the last one.
        body = moving.index('id="progress-body"')
        assert 'hx-trigger="every 5s"' in moving[body : moving.index(">", body)]
        assert "every 5s" not in over

    def test_results_show_the_sales_that_count(self, manager):
        customer = build_reachable_customer(city="Santos")
        mailing = build_mailing()
        begin(mailing)
        Message.objects.update(state="sent", channel="sms", sent_at=NOON, cost="0.085", segments=1)
        sale = build_sale(customer=customer, occurred_at=NOON + timedelta(days=1))
        manager.cookies["django_language"] = "en"

        page = shown(manager.get(reverse("messaging:mailing_results", args=[mailing.pk])))
        message = shown(manager.get(reverse("messaging:message_detail", args=[Message.objects.get().uuid])))

        assert "Sales within 7 days of the message" in page
        assert "R$ 50.00" in page
        assert page.count("<svg viewBox") == 2
        assert reverse("pos_api:sale_detail", args=[sale.pk]) in message

    @pytest.mark.parametrize("kind", ["csv", "xlsx"])
    def test_export_the_results(self, manager, kind):
        build_reachable_customer(city="Santos")
        mailing = build_mailing()
        begin(mailing)
        manager.cookies["django_language"] = "en"

        answer = manager.get(reverse("messaging:mailing_results", args=[mailing.pk]) + f"?export={kind}")

        content = b"".join(answer.streaming_content)
        assert f"mailing-{mailing.pk}-results.{kind}" in answer["Content-Disposition"]
        if kind == "csv":
            rows = [line.split(";") for line in content.decode("utf-8-sig").splitlines()]
            assert rows[0] == ["Figure", "Value"]
            assert {"People": "1", "Sales within 7 days": "0"}.items() <= dict(rows).items()
        else:
            assert content.startswith(b"PK")

    @pytest.mark.parametrize("kind", ["csv", "xlsx"])
    def test_export_everybody_without_names_and_addresses(self, manager, kind):
        customer = build_reachable_customer(
            city="Santos", name="Ana Souza", code="C-77", phone="+5511987654321", email="ana@example.com"
        )
        mailing = build_mailing()
        begin(mailing)
        mailing.messages.update(to=customer.phone, channel="sms")

        answer = manager.get(reverse("messaging:mailing_people", args=[mailing.pk]) + f"?export={kind}")

        content = b"".join(answer.streaming_content)
        assert answer.status_code == 200
        if kind == "xlsx":
            [headings, row] = load_workbook(BytesIO(content)).active.values
            text = " ".join(map(str, row))
        else:
            [headings, text] = content.decode("utf-8-sig").splitlines()
        assert "Customer" not in headings
        assert "C-77" in text
        for personal in ("Ana", "987654321", "ana@example.com"):
            assert personal not in text
        # The page still says who they are.
        assert "Ana Souza" in shown(manager.get(reverse("messaging:mailing_people", args=[mailing.pk])))


class TestWhoMayWrite:
    """Whoever is offered a button may use it."""

    def test_adding_is_enough_for_a_new_one_and_changing_for_a_draft(self, client):
        build_company(sms_limit=150)
        segment, mailing = build_segment(), build_mailing()
        seeing = ["customers.view_customer", "customers.view_segment", "messaging.view_mailing"]
        client.force_login(build_user(permissions=[*seeing, "messaging.add_mailing"]))

        new = client.get(f"{reverse(NEW)}?segment={segment.code}")
        counted = client.post(
            reverse("messaging:mailing_count") + f"?segment={segment.code}", typed(segment=segment.code)
        )
        draft = client.get(reverse("messaging:mailing_edit", args=[mailing.pk]))

        assert (new.status_code, counted.status_code, draft.status_code) == (200, 200, 403)

    def test_nobody_is_led_to_a_page_that_is_refused(self, client):
        build_company(sms_limit=150)
        client.force_login(build_user(permissions=["messaging.view_mailing", "messaging.add_mailing"]))

        page = shown(client.get(reverse("messaging:mailing_list")))

        assert reverse(NEW) not in page

    def test_nothing_chosen_leads_back_to_the_list(self, manager):
        build_sale(customer=build_reachable_customer())
        url = reverse("pos_api:sale_list")
        manager.cookies["django_language"] = "en"

        answer = manager.get(f"{url}?state=committed&chosen=1", follow=True)

        assert answer.redirect_chain == [(f"{url}?state=committed", 302)]
        assert "Choose at least one row of the list first." in shown(answer)

    def test_what_was_chosen_leads_on(self, manager):
        sale = build_sale(customer=build_reachable_customer())

        answer = manager.get(f"{reverse('pos_api:sale_list')}?chosen=1&sales={sale.pk}")

        assert answer.url == f"{reverse(NEW)}?sales={sale.pk}"


class TestAddress:
    URL = "messaging:mailing_to_address"

    def write(self, manager, **values):
        return manager.post(reverse(self.URL), {"to": "(11) 98765-4321", "name": "Ana Souza"} | values)

    def test_opens_the_composer_for_who_has_the_number(self, manager):
        customer = build_reachable_customer(phone="+5511987654321", name="Bia")

        answer = self.write(manager)

        assert answer.url == f"{reverse(NEW)}?customer={customer.pk}"
        customer.refresh_from_db()
        assert (customer.name, Customer.objects.count()) == ("Bia", 1)

    def test_makes_a_customer_of_a_new_address_with_the_consent_that_was_given(self, manager):
        self.write(manager, agreed="on", text="Posso lhe mandar ofertas?")

        customer = Customer.objects.get()
        assert (customer.phone, customer.name) == ("+5511987654321", "Ana Souza")
        consents = Consent.objects.filter(customer=customer).order_by("channel")
        assert [(one.channel, one.granted, one.text, one.source) for one in consents] == [
            (channel, True, "Posso lhe mandar ofertas?", "back_office") for channel in ("sms", "whatsapp")
        ]

    def test_assumes_no_consent(self, manager):
        self.write(manager, to="ana@example.com")

        assert Customer.objects.get().email == "ana@example.com"
        assert not Consent.objects.exists()

    @pytest.mark.parametrize("to", ["", "12", "ana@", "x" * 300])
    def test_says_what_is_no_address(self, manager, to):
        assert self.write(manager, to=to).status_code == 422
        assert not Customer.objects.exists()


class TestButtons:
    def act(self, manager, mailing, action, **data):
        return manager.post(reverse("messaging:mailing_action", args=[mailing.pk, action]), data, follow=True)

    def test_confirm_pause_resume_and_cancel(self, manager):
        mailing = build_mailing()
        reached = []
        for action in ("confirm", "pause", "resume", "cancel"):
            self.act(manager, mailing, action)
            mailing.refresh_from_db()
            reached.append(mailing.state)

        assert reached == ["freezing", "paused", "freezing", "cancelled"]

    def test_say_what_is_wrong(self, manager):
        mailing = build_mailing()

        answer = self.act(manager, mailing, "resume")

        assert answer.status_code == 200
        assert Mailing.objects.get().state == MailingState.DRAFT

    def test_what_is_wrong_leads_to_its_mending(self, manager):
        template = build_template(
            name="CASACOS", occasion="", applies_to="customers", in_use=False, channel="whatsapp",
            text="Oi {{ customer.first_name }}, chegaram", approval="approved", allow_several=True,
            content_sid="HX" + "a" * 32, submitted_sid="HX" + "a" * 32,
        )  # fmt: skip
        mailing = build_mailing(texts={"whatsapp": TextDraft(template_id=template.pk)})
        Template.objects.update(approval="draft", allow_several=False, content_sid="", submitted_sid="")
        manager.cookies["django_language"] = "en"

        page = shown(self.act(manager, mailing, "confirm"))

        assert "“CASACOS” is not approved." in page
        assert (
            f'<a href="{reverse("messaging:named_template_edit", args=[template.pk])}">Open the template'
            in page
        )

    def test_approving_needs_its_own_permission(self, manager):
        mailing = build_mailing()

        assert self.act(manager, mailing, "approve").status_code == 403

    def awaiting(self):
        """A mailing that somebody else handed in."""
        mailing = build_mailing(name="Casacos", by=build_user())
        Company.objects.update(approval_required=True)
        confirm_mailing(mailing=mailing, by=build_user(), at=NOON)
        return mailing

    def test_who_approves_is_told_and_may_send_it_back_with_a_reason(self, client):
        build_company()
        mailing = self.awaiting()
        client.force_login(build_user(permissions=["messaging.view_mailing", "messaging.approve_mailing"]))
        assert f'href="/mailings/{mailing.pk}/">Casacos</a>' in shown(client.get("/"))
        assert 'name="comment"' in shown(client.get(f"/mailings/{mailing.pk}/"))

        client.post(f"/mailings/{mailing.pk}/return/", {"comment": "Outro texto, por favor."})

        mailing.refresh_from_db()
        assert mailing.state == MailingState.DRAFT
        assert "Outro texto, por favor." in shown(client.get(f"/mailings/{mailing.pk}/"))
        assert "Casacos" not in shown(client.get("/"))

    def test_who_approves_takes_nothing_back_that_was_approved(self, client):
        mailing = build_mailing(send_at=NOON + timedelta(hours=1))
        confirm_mailing(mailing=mailing, by=None, at=NOON)
        client.force_login(build_user(permissions=["messaging.view_mailing", "messaging.approve_mailing"]))

        assert client.post(f"/mailings/{mailing.pk}/return/").status_code == 403

        mailing.refresh_from_db()
        assert mailing.state == MailingState.SCHEDULED

    def test_who_wrote_it_is_not_told_that_it_waits(self, client):
        build_company()
        mailing = self.awaiting()
        writer = User.objects.get(pk=mailing.created_by_id)
        for name in ("view_mailing", "approve_mailing"):
            writer.user_permissions.add(Permission.objects.get(codename=name))
        client.force_login(User.objects.get(pk=writer.pk))

        assert "Casacos" not in shown(client.get("/"))

    def test_there_are_no_others(self, manager):
        assert self.act(manager, build_mailing(), "explode").status_code == 404


class TestDraftOfASegment:
    def test_asks_and_shows_what_the_segment_asks_now(self, manager):
        build_reachable_customer(city="Santos")
        build_reachable_customer(city="Recife")
        mailing = build_mailing()
        everybody = {"any": [{"field": "city", "operator": "in", "value": ["Santos", "Recife"]}]}
        change_segment(segment=mailing.segment, tree=everybody, user=None, at=NOON)

        assert "Santos, Recife" in shown(manager.get(reverse("messaging:mailing_detail", args=[mailing.pk])))
        reach = manager.get(reverse("messaging:mailing_reach", args=[mailing.pk])).context["reach"]
        assert reach.people == 2

    def test_says_what_is_gone_and_is_not_sent(self, manager):
        manager.cookies["django_language"] = "en"
        mailing = build_mailing()
        Segment.objects.update(tree={"all": [{"field": "gone", "operator": "eq", "value": "x"}]})

        for name in ("mailing_detail", "mailing_reach"):
            assert manager.get(reverse(f"messaging:{name}", args=[mailing.pk])).status_code == 200
        address = reverse("messaging:mailing_action", args=[mailing.pk, "confirm"])
        assert "is not there any more" in shown(manager.post(address, follow=True))
        mailing.refresh_from_db()
        assert mailing.state == MailingState.DRAFT
