"""The contract of an occasion: one file with everything that the outbox, the pages and the documents need of it."""

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.conf import settings
from django.utils import timezone, translation

from messaging import occasions
from messaging.facts import Facts
from messaging.forms.automation import AutomationForm, initial_of
from messaging.models import Automation, Channel, Template, occasion_choices
from messaging.models.occasion import OCCASION_CODE
from messaging.occasions import AUTOMATIC, KINDS, PLANNED, Kind
from messaging.occasions.base import AutomaticKind, PlannedKind
from messaging.occasions.parts import CodeSettings
from messaging.purposes import MessagePurpose
from messaging.services.automations import install_automations
from messaging.services.composition import build_context, compose
from messaging.services.templates import check_template
from tests.builders import NOON, build_store
from tests.messaging.builders import build_company
from tests.messaging.occasion_examples import EXAMPLES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "algorithms" / "messages.md").read_text()
ICONS = (ROOT / "static" / "icons.svg").read_text()
PACKAGE = ROOT / "messaging" / "occasions"
# What occasions are made of; every other module of the package is one.
SHARED = {"__init__", "base", "parts", "reminders", "value_variables", "variables", "vouchers"}
LANGUAGES = [code for code, _label in settings.LANGUAGES]


def test_every_file_of_the_package_is_one_registered_occasion() -> None:
    modules = {path.stem for path in PACKAGE.glob("*.py")} - SHARED

    assert {type(kind).__module__.rpartition(".")[2] for kind in KINDS.values()} == modules
    assert len(KINDS) == len(modules)
    assert [code for code, _label in occasion_choices()] == list(KINDS)


def test_nothing_else_asks_which_occasion_it_is() -> None:
    # What differs between occasions is said by their files.
    asks = re.compile(r"\boccasion\s*(?:==|!=|in\b|not in\b)(?!\s*(?:AUTOMATIC|PLANNED|KINDS)\b)")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in (ROOT / "messaging").rglob("*.py")
        if "migrations" not in path.parts
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if asks.search(line)
    ]

    assert found == []


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
class TestKind:
    def test_says_what_it_is(self, kind: Kind) -> None:
        assert re.match(OCCASION_CODE, kind.code)
        assert str(kind.label)
        assert f'id="{kind.icon}"' in ICONS
        assert isinstance(kind.purpose, MessagePurpose)
        assert "Keys: " in (type(kind).__doc__ or "")

    def test_stands_on_the_page_of_the_algorithm(self, kind: Kind) -> None:
        row = re.search(rf"^\| `{kind.code}` \|(.*)$", PAGE, re.MULTILINE)

        assert row
        assert f"| {kind.purpose.value} |" in row[0]

    def test_has_its_own_answers(self, kind: Kind) -> None:
        # A kind is planned, or queued by a service with its text, or knows what its text is filled from.
        if isinstance(kind, PlannedKind):
            assert type(kind).candidates is not PlannedKind.candidates
        elif not kind.is_written:
            assert type(kind).subject is not Kind.subject

    @pytest.mark.django_db
    def test_proposes_texts_that_its_variables_fill(self, kind: Kind) -> None:
        build_company(name="Loja Exemplo")
        if kind.variables and not kind.is_written:
            assert {language for _channel, language in kind.texts} == set(LANGUAGES)
        for (channel, language), words in kind.texts.items():
            template = Template(
                occasion=kind.code, channel=channel, language=language,
                subject=words.subject, text=words.text, html=words.html,
            )  # fmt: skip
            composed = check_template(template)
            assert composed.text
            assert bool(composed.subject) == (channel == Channel.EMAIL)


@pytest.mark.django_db
@pytest.mark.parametrize("kind", AUTOMATIC.values(), ids=list(AUTOMATIC))
class TestAutomaticKind:
    def test_has_texts_for_every_channel_and_language(self, kind: AutomaticKind) -> None:
        assert set(kind.texts) == {(channel, code) for channel in Channel.values for code in LANGUAGES}
        assert set(kind.channels) <= set(Channel.values)

    def test_gets_its_row_by_itself_switched_off(self, kind: AutomaticKind) -> None:
        for _ in range(2):
            install_automations(at=NOON)

        automation = Automation.objects.get(occasion=kind.code)
        assert not automation.enabled
        assert automation.channels == list(kind.channels)
        assert kind.read(automation) == kind.settings()

    def test_shows_every_setting_in_its_form_and_takes_it_back(self, kind: AutomaticKind) -> None:
        build_store(online_shop=True)
        install_automations(at=NOON)
        automation = Automation.objects.get(occasion=kind.code)
        shown = {setting.name for setting in kind.form}
        assert shown | ({"link"} if kind.gives_codes else set()) == set(kind.settings.__struct_fields__)
        assert all(str(setting.label) for setting in kind.form)

        form = AutomationForm(data=typed(automation, kind.settings()), automation=automation)

        assert form.is_valid(), form.errors
        assert form.plan().settings == kind.settings()
        for setting in kind.form:
            assert form.fields[setting.input].help_text, setting.name

    def test_writes_every_number_with_its_unit(self, kind: AutomaticKind) -> None:
        values = msgspec.to_builtins(kind.settings())
        for setting in kind.form:
            if isinstance(values[setting.name], int) and not isinstance(values[setting.name], bool):
                assert "7" in setting.unit % {"number": 7}, setting.name

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_says_in_words_what_it_does(self, kind: AutomaticKind, language: str) -> None:
        with translation.override(language):
            sentences = kind.describe(kind.settings())

        assert sentences
        assert all(sentence.endswith(".") for sentence in sentences)

    def test_fills_every_variable_that_it_declares(self, kind: AutomaticKind) -> None:
        company = build_company(name="Loja Exemplo")
        recipient, store, subject = EXAMPLES[kind.code]()
        facts = Facts(recipient=recipient, company=company, store=store, subject=subject)

        context = build_context(kind.code, facts)

        for name in kind.names:
            place: Any = context
            for part in name.split("."):
                assert part in place, name
                place = place[part]
        for (channel, language), words in kind.texts.items():
            template = Template(
                occasion=kind.code, channel=channel, language=language,
                subject=words.subject, text=words.text, html=words.html,
            )  # fmt: skip
            composed = compose(template, facts)
            assert "None" not in composed.text + composed.subject
            assert "{" not in composed.text + composed.subject

    def test_previews_with_real_people(self, kind: AutomaticKind) -> None:
        EXAMPLES[kind.code]()

        for key, _name in kind.people(at=timezone.now()):
            assert kind.person(int(key), at=timezone.now()) is not None
        assert kind.person(10**17, at=timezone.now()) is None

    def test_names_stores_and_a_link(self, kind: AutomaticKind) -> None:
        build_store(online_shop=True)

        assert kind.stores().exists()
        assert kind.gives_codes == issubclass(kind.settings, CodeSettings)
        assert isinstance(kind.link_of(None), str)
        assert all(number >= 0 for _label, number in kind.figures(since=NOON))


def typed(automation: Automation, values: Any) -> dict[str, Any]:
    """What a browser sends of an automation's form when nobody changes anything."""
    data = {}
    for name, value in initial_of(automation, values).items():
        if name == "stores":
            data[name] = [str(store.pk) for store in value]
        elif value not in (False, None):
            data[name] = str(value)
    return data


def test_the_registries_are_parts_of_one() -> None:
    assert PLANNED.items() <= KINDS.items()
    assert AUTOMATIC.items() <= PLANNED.items()
    assert occasions.KINDS is KINDS
