"""Texts are found without GNU gettext."""

import re

import pytest
from babel.messages.catalog import Catalog

from config import translations


class TestCollect:
    def test_finds_texts_of_python_and_templates(self, tmp_path, monkeypatch):
        (tmp_path / "retail").mkdir()
        (tmp_path / "retail" / "models.py").write_text(
            "x = _('Store')\ny = ngettext('%(n)s sale', '%(n)s sales', n)\n"
        )
        (tmp_path / "templates").mkdir()
        (tmp_path / "templates" / "page.html").write_text(
            """   {% load i18n %}<p>it's ("odd</p>
                 {% translate "Campaign's name" %}
              {% blocktranslate trimmed with total=x %}
                 Total:
                 {{ total }}
              {% endblocktranslate %}
            """
        )
        monkeypatch.setattr(translations, "_ROOT", tmp_path)

        template = translations.collect("django")

        texts = {message.id for message in template if message.id}
        assert texts == {"Store", ("%(n)s sale", "%(n)s sales"), "Campaign's name", "Total: %(total)s"}

    def test_knows_every_name_under_which_a_module_calls_gettext(self):
        aliases = re.compile(r"import n?p?gettext(?:_lazy|_noop)? as (\w+)")
        sources = [source for _path, method, source in translations._sources("django") if method == "python"]

        names = {name for source in sources for name in aliases.findall(source)}

        assert "_" in names
        assert names <= translations._KEYWORDS.keys()

    @pytest.mark.parametrize(
        ("text", "translation", "wrong"),
        [
            ("10 % off the sale", "10 % de desconto na venda", False),
            ("%(amount)s off", "%(valor)s de desconto", True),
            ("%d sales", "vendas", True),
        ],
    )
    def test_takes_only_what_holds_a_value_for_a_placeholder(self, text, translation, wrong):
        catalog = Catalog(locale="pt_BR")
        message = catalog.add(text, translation)

        errors = list(message.check(catalog)) if translations._has_placeholder(message) else []

        assert bool(errors) is wrong
