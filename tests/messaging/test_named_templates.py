"""Templates with names: beside an occasion's own text, and for mailings."""

from datetime import timedelta
from decimal import Decimal

import pytest

from customers.phones import is_mobile
from messaging.models import Template
from messaging.occasions import KINDS
from messaging.services.automations import Plan, save_automation
from messaging.services.delivery import deliver_due
from messaging.services.template_previews import (
    customer_context,
    find_customers,
    preview_template,
    save_as_template,
)
from messaging.services.templates import (
    TemplateActionRefused,
    TemplateInvalid,
    archive_template,
    duplicate_template,
    restore_revision,
    save_template,
    unarchive_template,
    use_template,
)
from retail.models import Company
from tests.builders import NOON, build_customer, build_sale, build_store, build_user
from tests.messaging.builders import (
    build_automation,
    build_cart,
    build_company,
    build_message,
    build_reachable_customer,
    build_template,
)

pytestmark = pytest.mark.django_db


def named(**values):
    return Template(
        **{
            "name": "ANNIV",
            "occasion": "birthday",
            "channel": "sms",
            "language": "pt-br",
            "text": "Feliz dia, {{ customer.first_name }}!",
        }
        | values
    )


def for_mailings(**values):
    return named(**{"name": "NOVIDADES", "applies_to": "customers", "occasion": ""} | values)


def saved(template):
    return save_template(template=template, by=None, at=NOON)


def refused(act, **arguments):
    with pytest.raises(TemplateActionRefused) as refusal:
        act(at=NOON, **arguments)
    return refusal.value.code


def problems(template):
    with pytest.raises(TemplateInvalid) as refusal:
        saved(template)
    return {field: problem.code for field, problem in refusal.value.problems.items()}


@pytest.fixture(autouse=True)
def company(db):
    return build_company(sms_limit=150)


class TestSaveTemplate:
    def test_keeps_any_number_beside_the_own_text(self):
        own = build_template(occasion="birthday")
        for name in ("ANNIV", "ANNIV 2", "GIFTCARD REMINDER SMS"):
            assert not saved(named(name=name)).in_use

        assert [template.pk for template in KINDS["birthday"].templates()] == [own.pk]

    def test_takes_a_name_once_for_a_channel_and_language(self):
        saved(named())
        saved(named(language="en"))
        saved(named(channel="whatsapp", text="Feliz dia!"))

        assert problems(named(name=" anniv ")) == {"name": "name_taken"}

    def test_asks_mailings_for_a_name_and_knows_their_variables(self):
        assert problems(for_mailings(name=" ")) == {"name": "empty"}
        assert problems(for_mailings(text="{{ coupon.code }}")) == {"text": "unknown_variable"}
        assert problems(for_mailings(text="{{ sale.total }}")) == {"text": "unknown_variable"}
        assert saved(for_mailings(name="B", applies_to="sales", text="{{ sale.total }}")).occasion == ""

    @pytest.mark.parametrize("occasion", ["party", "", "vip_card", "test"])
    def test_refuses_an_occasion_without_automation(self, occasion):
        assert problems(named(occasion=occasion)) == {"occasion": "unknown_occasion"}

    @pytest.mark.parametrize(
        "url", ["http://localhost/x", "ftp://x.com", "https://bit.ly/x", "https://a:b@x.com/"]
    )
    def test_names_the_field_of_a_forbidden_link(self, url):
        assert problems(for_mailings(text=f"Veja {url} hoje")) == {"text": "forbidden_url"}

    def test_names_the_field_of_forbidden_markup(self):
        email = for_mailings(channel="email", subject="Oi", text="", html="<p>Oi<script>x</script></p>")

        assert problems(email) == {"html": "unknown_tag"}

    def test_looks_at_the_store_with_the_longest_name(self):
        build_store(name="Loja " + "x" * 60)
        text = "{{ store.name }} " + "y" * 100

        assert problems(for_mailings(text=text)) == {"text": "text_too_long_at_worst"}

    def test_an_email_needs_one_of_its_parts(self):
        assert problems(for_mailings(channel="email", subject="Oi", text="")) == {"text": "empty"}


class TestRevisions:
    def test_restores_an_earlier_text_as_the_newest(self):
        template = saved(named())
        template.text = "Outro texto"
        saved(template)

        restored = restore_revision(template=template, number=1, by=build_user(), at=NOON)

        assert (restored.number, restored.text) == (3, "Feliz dia, {{ customer.first_name }}!")
        assert list(restored.revisions.order_by("number").values_list("number", flat=True)) == [1, 2, 3]

    def test_knows_its_own_versions_only(self):
        assert refused(restore_revision, template=saved(named()), number=2, by=None) == "no_such_revision"


class TestDuplicateTemplate:
    def test_copies_the_texts_and_nothing_that_was_said_of_them(self):
        own = build_template(
            occasion="birthday", channel="whatsapp", approval="approved", submitted_sid="HX1", content_sid="HX1",
            allow_several=True,
        )  # fmt: skip

        copy = duplicate_template(template=own, name="CÓPIA", by=None, at=NOON)

        assert (copy.text, copy.in_use, copy.approval, copy.content_sid) == (own.text, False, "draft", "")
        assert not copy.allow_several
        own.refresh_from_db()
        assert own.in_use

    def test_needs_a_name(self):
        with pytest.raises(TemplateInvalid):
            duplicate_template(template=saved(named()), name=" ", by=None, at=NOON)


class TestArchiveTemplate:
    def test_puts_away_and_brings_back(self):
        template = archive_template(template=saved(for_mailings()), at=NOON)

        assert not Template.objects.insertable(channel="sms", applies_to="customers").exists()
        assert refused(save_template, template=template, by=None) == "archived"
        unarchive_template(template=template, at=NOON)
        assert Template.objects.insertable(channel="sms", applies_to="customers").count() == 1

    def test_frees_the_name_until_somebody_takes_it(self):
        template = archive_template(template=saved(named()), at=NOON)
        saved(named())

        with pytest.raises(TemplateInvalid):
            unarchive_template(template=template, at=NOON)

    def test_keeps_what_an_automation_needs(self):
        own = build_template(occasion="birthday")
        chosen = use_template(template=saved(named()), at=NOON)

        assert refused(archive_template, template=own) == "own_text"
        assert refused(archive_template, template=chosen) == "in_use"


class TestUseTemplate:
    def test_takes_the_place_of_the_one_that_was_used(self):
        own = build_template(occasion="birthday")
        other = build_template(occasion="birthday", language="en")
        chosen = use_template(template=saved(named()), at=NOON)

        assert {template.pk for template in KINDS["birthday"].templates()} == {chosen.pk, other.pk}
        use_template(template=own, at=NOON)
        assert {template.pk for template in KINDS["birthday"].templates()} == {own.pk, other.pk}

    def test_is_for_automations_only(self):
        assert refused(use_template, template=saved(for_mailings())) == "for_mailings"
        archived = archive_template(template=saved(named()), at=NOON)
        assert refused(use_template, template=archived) == "archived"

    def test_is_what_the_next_message_says(self, sms):
        build_automation()
        chosen = saved(named(occasion="recovery", name="VOLTE", text="Volte, {{ customer.first_name }}!"))
        use_template(template=chosen, at=NOON)
        build_message()

        deliver_due(clock=lambda: NOON)

        assert [out.text.split(",")[0] for out in sms.sent] == ["Volte"]

    def test_counts_as_a_text_when_an_automation_is_switched_on(self):
        use_template(template=saved(named()), at=NOON)
        plan = Plan(
            enabled=True, channels=["sms"], stores_off=(), pool=None,
            settings=KINDS["birthday"].read(build_automation(occasion="birthday", channels=[], enabled=False)),
        )  # fmt: skip

        assert save_automation(occasion="birthday", plan=plan, by=None, at=NOON).enabled


class TestPreview:
    def test_finds_customers_and_fills_in_what_they_are(self):
        store = build_store(name="Paulista")
        customer = build_customer(name="Ana Souza", home_store=store)
        build_customer(name="Bia Lima")

        assert [found.name for found in find_customers("souza")] == ["Ana Souza"]
        template = for_mailings(text="{{ customer.first_name }} da {{ store.name }}")
        composed = preview_template(template, customer_context(template, customer)).composed
        assert composed.text == "Ana da Paulista"

    def test_keeps_the_sample_of_what_a_customer_does_not_say(self):
        template = named(text="{{ customer.first_name }}: {{ coupon.code }}")

        text = preview_template(
            template, customer_context(template, build_customer(name="Ana Souza"))
        ).composed.text

        assert text.startswith("Ana: ")
        assert len(text) > len("Ana: ")

    def test_speaks_of_the_customers_last_sale(self):
        sale = build_sale(customer=build_customer(name="Ana Souza"))
        template = for_mailings(applies_to="sales", text="{{ customer.first_name }}: cupom {{ sale.ticket }}")

        text = preview_template(template, customer_context(template, sale.customer)).composed.text

        assert text == f"Ana: cupom {sale.ticket}"

    def test_counts_segments_and_what_they_cost(self):
        Company.objects.update(sms_segment_price=Decimal("0.0850"))
        template = for_mailings(text="ã" + "a" * 80)

        preview = preview_template(template, {})

        assert (preview.size.encoding, preview.size.segments, preview.cost) == ("UCS-2", 2, Decimal("0.1700"))


class TestComposer:
    def test_saves_its_text_and_inserts_it_again(self):
        template = save_as_template(
            name="VOLTE", applies_to="customers", channel="email", language="pt-br",
            texts={"subject": "Oi", "html": "<p>Oi, {{ customer.first_name }}</p>"}, by=None, at=NOON,
        )  # fmt: skip
        saved(for_mailings(applies_to="sales", channel="email", subject="x"))

        offered = Template.objects.insertable
        assert offered(channel="email", applies_to="customers").get() == template
        assert offered(channel="email", applies_to="sales").count() == 2
        assert not offered(channel="sms", applies_to="sales").exists()


class TestNames:
    def test_an_own_text_takes_none_and_a_named_one_keeps_one(self):
        own = build_template(occasion="birthday")
        own.name = "ANNIV"
        assert problems(own) == {"name": "name_fixed"}
        template = saved(named())
        template.name = ""
        assert problems(template) == {"name": "name_fixed"}


class TestPhoneField:
    @pytest.mark.parametrize(
        ("phone", "mobile"), [("+5511987654321", True), ("+551133334444", False), ("+351912345678", True)]
    )
    def test_tells_mobiles_from_landlines(self, phone, mobile):
        assert is_mobile(phone) == mobile

    def test_leaves_landlines_to_the_next_channel(self, recorders):
        build_automation(channels=["whatsapp", "sms"])
        Template.objects.filter(channel="whatsapp").update(phone_field="mobile")
        customer = build_reachable_customer(phone="+551133334444")
        cart = build_cart(customer=customer, last_interaction_at=NOON - timedelta(minutes=30))
        build_message(cart=cart, channels=["whatsapp", "sms"])

        deliver_due(clock=lambda: NOON)

        assert (len(recorders["whatsapp"].sent), len(recorders["sms"].sent)) == (0, 1)
