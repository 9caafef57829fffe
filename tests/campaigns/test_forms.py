import json
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.http import QueryDict
from django.utils import timezone, translation

from campaigns.engine.campaign import CAMPAIGN_FIELDS, leaves
from campaigns.engine.document import decode_campaign, encode_campaign
from campaigns.engine.kinds import BENEFITS, CONDITIONS
from campaigns.forms.document import BEHAVIOUR, GENERAL, THRESHOLDS, WHEN_WHERE, CampaignForm
from campaigns.forms.inputs import SwitchInput, plain_number
from campaigns.summary import summarize

DOCUMENT = {
    "code": "FULL",
    "name": "Everything, “quoted”",
    "description": "Shown\nat the till",
    "category": "verao",
    "audience": "young people",
    "channels": ["instagram", "shop window"],
    "priority": 3,
    "starts_at": "2026-06-01T00:00:00-03:00",
    "ends_at": "2026-07-01T12:30:00-03:00",
    "schedule": {"weekdays": [1, 3, 7], "from": "14:00", "until": "18:30"},
    "stores": ["0012", "grouping:sul"],
    "operations": ["sale"],
    "optional": True,
    "requires_consent": "promotions",
    "exchange": "net",
    "minimum_quantity": "2",
    "minimum_amount": "1234.50",
    "maximum_amount": "9999.99",
    "threshold_basis": "running",
    "limits": [
        {"scope": "customer", "counts": "sale", "max": 2, "per": "month"},
        {"scope": "total", "counts": "item", "max": 1000, "per": "campaign"},
    ],
    "budget": "50000.00",
    "benefits": [{"kind": "item_percent", "percent": "12.50"}],
    "skip_discounted": True,
    "stop_further": "lines",
    "combinable_order_discount": False,
}


def canonical(document):
    return encode_campaign(decode_campaign(document))


class Browser:
    """Posts what a page shows, as a browser would: unticked boxes are not sent."""

    def __init__(self):
        self.data = QueryDict(mutable=True)

    def post(self, form):
        for part in form.forms:
            self.fill(part)
        self.fill_group(form.rules)
        for benefit in form.benefits.items:
            self.fill_kind(benefit)
        return self.data

    def fill(self, holder):
        for name in holder.fields:
            self.fill_input(holder[name])
        for child in holder.children.values():
            self.fill_rows(child) if hasattr(child, "rows") else self.fill_object(child)

    def fill_input(self, bound):
        value = bound.value()
        if isinstance(bound.field, SwitchInput):
            if value:
                self.data[bound.html_name] = "on"
        elif isinstance(value, list):
            self.data.setlist(bound.html_name, value)
        else:
            self.data[bound.html_name] = "" if value is None else str(value)

    def fill_rows(self, rows):
        for row in rows.rows:
            self.fill(row)

    def fill_object(self, child):
        if child.shown:
            self.data[child.switch] = "on"
        self.fill(child.form)

    def fill_group(self, group):
        self.data[f"{group.prefix}-_op"] = group.operator
        self.data[f"{group.prefix}-_bare"] = "1" if group.bare else ""
        for child in group.children:
            self.fill_group(child) if child.is_group else self.fill_kind(child)

    def fill_kind(self, form):
        self.data[f"{form.prefix}-_kind"] = form.tag
        self.fill(form)


def worked_examples():
    """Yield code and document of each campaign in the worked examples."""
    for file in sorted(Path(__file__).with_name("cases").glob("*.toml")):
        for code, document in tomllib.loads(file.read_text()).get("campaigns", {}).items():
            yield code, {"benefits": [], **json.loads(json.dumps(document, default=str))}


def posted(form):
    return Browser().post(form)


def round_trip(document):
    """Show a document, post it untouched, read it back."""
    form = CampaignForm(posted(CampaignForm(document=document)))
    assert form.is_valid(), [form.errors, [(p, getattr(h, "errors", "")) for p, h, _ in form.inputs()]]
    return canonical(form.document())


@pytest.fixture(params=["pt-br", "en"])
def _language(request):
    with translation.override(request.param), timezone.override("America/Sao_Paulo"):
        yield


@pytest.mark.usefixtures("_language")
class TestCampaignForm:
    def test_gives_back_a_full_document_unchanged(self):
        document = canonical(DOCUMENT)

        assert round_trip(document) == document

    def test_gives_back_a_tree_of_rules_unchanged(self):
        leaf = {"kind": "product", "by": "sku", "values": ["A-1", "A-2"], "match": "all"}
        for tree in (leaf, {"all": [leaf]}, {"any": [leaf, {"all": [leaf, {"any": [leaf]}]}]}):
            document = canonical({"code": "T", "name": "T", "conditions": tree, "benefits": []})

            assert round_trip(document) == document

    def test_gives_back_every_worked_example_of_every_kind_unchanged(self):
        kinds = set()
        for code, document in worked_examples():
            document = canonical({"code": code, "name": code, **document})
            kinds |= {benefit["kind"] for benefit in document["benefits"]}
            kinds |= {leaf.kind for leaf in leaves(decode_campaign(document).conditions)}

            assert round_trip(document) == document, code
        assert kinds == {*CONDITIONS, *BENEFITS}

    def test_says_what_every_worked_example_does(self):
        for code, document in worked_examples():
            campaign = decode_campaign({"code": code, "name": code, **document})
            summary = summarize(campaign, at=datetime(2026, 11, 22, tzinfo=UTC))

            assert summary.headline, code
            assert all(sentence.text for section in summary.sections for sentence in section.sentences), code

    @pytest.mark.parametrize(
        ("ends_at", "said"),
        [
            ("2027-02-01T00:00:00-03:00", "From 31 Dec 2026, until the end of 31 Jan 2027."),
            ("2027-02-01T12:30:00-03:00", "From 31 Dec 2026, until 1 Feb 2027, 12:30."),
        ],
    )
    def test_says_the_last_day_as_it_was_typed(self, ends_at, said):
        document = {"code": "A", "name": "A", "starts_at": "2026-12-31T00:00:00-03:00", "ends_at": ends_at}
        with translation.override("en"):
            summary = summarize(
                decode_campaign(document | {"benefits": []}), at=datetime(2026, 11, 22, tzinfo=UTC)
            )

        assert said in [sentence.text for section in summary.sections for sentence in section.sentences]

    def test_shows_every_field_of_a_document_once(self):
        shown = [*GENERAL, *WHEN_WHERE, *THRESHOLDS, *BEHAVIOUR, "conditions", "benefits"]

        assert sorted(shown) == sorted(field.name for field in CAMPAIGN_FIELDS)

    def test_makes_the_code_of_the_name(self):
        data = posted(CampaignForm(document={"name": "Verão 10% - Sul", "benefits": []}))

        assert CampaignForm(data).document()["code"] == "VERAO-10-SUL"

    def test_says_each_thing_beside_its_field_and_loses_nothing(self):
        document = canonical({**DOCUMENT, "conditions": {"kind": "product", "by": "sku", "values": ["A"]}})
        data = posted(CampaignForm(document=document))
        data["campaign-minimum_amount"] = "twelve"
        data["campaign-ends_at"] = "2026-05-01T00:00"
        data["benefits-0-percent"] = "150"
        data["campaign-limits-1-max"] = ""
        data["conditions-0-price_min"] = "-1"

        form = CampaignForm(data)

        assert not form.is_valid()
        assert set(form.thresholds.errors) == {"minimum_amount"}
        assert set(form.benefits.items[0].errors) == {"percent"}
        assert set(form.thresholds.children["limits"].rows[1].errors) == {"max"}
        assert set(form.rules.children[0].errors) == {"price_min"}
        assert form.thresholds["minimum_amount"].value() == "twelve"
        assert form.wrong_by_step()["limits"] == 2

    def test_adds_and_removes_parts(self):
        form = CampaignForm(document={})

        for action in (
            "add:conditions:any",
            "add:conditions-0:product",
            "add:conditions-0:product",
            "add:benefits:item_percent",
            "add:campaign-limits",
            "add:campaign-limits",
            "remove:conditions-0-0",
            "remove:campaign-limits-0",
            "remove:nonsense",
            "add:benefits:nonsense",
        ):
            form.act(action)

        assert form.document()["conditions"] == {
            "all": [{"any": [{"kind": "product", "match": "any", "exclude": False, "values": []}]}]
        }
        assert [item.tag for item in form.benefits.items] == ["item_percent"]
        assert len(form.thresholds.children["limits"].rows) == 1


class TestNumbers:
    @pytest.mark.parametrize(
        ("language", "typed", "read"),
        [
            ("pt-br", "1.234,56", "1234.56"),
            ("pt-br", "R$ 1234,5", "1234.5"),
            ("pt-br", "1234.56", "1234.56"),
            ("pt-br", "1.234", "1234"),
            ("pt-br", ",5", "0.5"),
            ("pt-br", "1,234.56", None),
            ("pt-br", "doze", None),
            ("en", "1,234.56", "1234.56"),
            ("en", "12.50", "12.50"),
            ("en", "12,50", "12.50"),
            ("en", "12,500", "12500"),
            ("en", "1.234,56", None),
        ],
    )
    def test_are_read_as_people_write_them(self, language, typed, read):
        with translation.override(language):
            assert plain_number(typed) == read
