"""What may stand in an e-mail, which links, and what is left as plain text."""

import pytest

from messaging.comparison import Line, compare
from messaging.links import links_of, why_forbidden
from messaging.markup import check_markup, text_of
from messaging.numbered import numbered
from messaging.rendering import TemplateRefused

BLOCK = "<mj-section><mj-column>{}</mj-column></mj-section>"


def refusal(source, **options):
    with pytest.raises(TemplateRefused) as refused:
        check_markup(source, **{"mjml": True} | options)
    return refused.value


class TestCheckMarkup:
    @pytest.mark.parametrize(
        ("source", "code"),
        [
            (BLOCK.format("<mj-raw><b>x</b></mj-raw>"), "unknown_tag"),
            (BLOCK.format('<mj-include path="/etc/passwd" />'), "unknown_tag"),
            (BLOCK.format("<mj-text><script>alert(1)</script></mj-text>"), "unknown_tag"),
            (BLOCK.format("<mj-text><iframe></iframe></mj-text>"), "unknown_tag"),
            (BLOCK.format("<mj-text><form></form></mj-text>"), "unknown_tag"),
            (BLOCK.format("<mj-text><style>p{}</style></mj-text>"), "unknown_tag"),
            (BLOCK.format("<mj-text><!-- [if mso]> --></mj-text>"), "unknown_tag"),
            (BLOCK.format("<mj-texts>x</mj-texts>"), "unknown_tag"),
            ("<mj-text>x</mj-text>", "misplaced_tag"),
            ("<mj-section><mj-text>x</mj-text></mj-section>", "misplaced_tag"),
            ("<p>x</p>", "misplaced_tag"),
            (BLOCK.format("<mj-column></mj-column>"), "misplaced_tag"),
            (BLOCK.format("<mj-text><p>x</mj-text>"), "unclosed_tag"),
            (BLOCK.format("<mj-text>x</p></mj-text>"), "unclosed_tag"),
            ("<mj-section>", "unclosed_tag"),
            (BLOCK.format("<mj-text><p/></mj-text>"), "unclosed_tag"),
            (BLOCK.format("words"), "text_outside"),
            ("words", "text_outside"),
            (BLOCK.format('<mj-text onclick="x">x</mj-text>'), "forbidden_attribute"),
            (BLOCK.format('<mj-text><p onload="x">x</p></mj-text>'), "forbidden_attribute"),
            (BLOCK.format('<mj-text><p data-x="x">x</p></mj-text>'), "forbidden_attribute"),
            (BLOCK.format('<mj-text><p style="background:url(//x)">x</p></mj-text>'), "forbidden_style"),
            (BLOCK.format('<mj-text><p style="background:\\75rl(x)">x</p></mj-text>'), "forbidden_style"),
            (BLOCK.format('<mj-button href="javascript:alert(1)">x</mj-button>'), "forbidden_url"),
            (BLOCK.format('<mj-text><a href=" JaVaScript:alert(1)">x</a></mj-text>'), "forbidden_url"),
            (BLOCK.format('<mj-image src="data:image/svg+xml;base64,AA" />'), "forbidden_url"),
            (BLOCK.format('<mj-image src="mailto:a@x.com" />'), "forbidden_url"),
            ('<mj-section background-url="file:///etc/passwd"></mj-section>', "forbidden_url"),
            (BLOCK.format('<mj-button href="http://localhost:8000/">x</mj-button>'), "forbidden_url"),
            (BLOCK.format('<mj-button href="">x</mj-button>'), "forbidden_url"),
        ],
    )
    def test_refuses_what_an_email_must_not_have(self, source, code):
        assert refusal(source).code == code

    @pytest.mark.parametrize(
        "source",
        [
            BLOCK.format(
                '<mj-text>Olá, <b>Ana</b>!<br>R$&nbsp;10 <a href="https://x.com/a?b=1&amp;c=2">x</a></mj-text>'
            ),
            BLOCK.format(
                '<mj-button href="mailto:loja@x.com">x</mj-button><mj-divider /><mj-spacer height="4px" />'
            ),
            '<mj-wrapper><mj-section><mj-group><mj-column><mj-image src="https://x.com/a.png" alt="A" /></mj-column></mj-group></mj-section></mj-wrapper>',
            BLOCK.format(
                '<mj-table><tr style="border-bottom:1px solid #eee"><td align="right">1</td></tr></mj-table>'
            ),
        ],
    )
    def test_lets_through_what_emails_are_made_of(self, source):
        check_markup(source, mjml=True)

    def test_names_the_line(self):
        assert refusal(BLOCK.format("\n\n<mj-text><video></video></mj-text>")).params == {
            "tag": "video",
            "line": 3,
        }

    def test_knows_no_mjml_in_rich_text(self):
        assert refusal("<mj-text>x</mj-text>", mjml=False).code == "unknown_tag"
        check_markup('<h1 style="margin:0">Oi</h1>text <img src="https://x.com/a.png" alt="">', mjml=False)

    def test_takes_a_demonstrations_own_links_in_values_but_never_scripts(self):
        check_markup('<a href="http://localhost:8000/u">x</a><a href="">y</a>', mjml=False, values=True)

        assert refusal('<a href="javascript:x">x</a>', mjml=False, values=True).code == "forbidden_url"


class TestTextOf:
    def test_keeps_paragraphs_lists_and_where_links_lead(self):
        markup = BLOCK.format(
            "<mj-text><h1>Oi,  Ana</h1><p>Um <b>dia</b>\nlindo.</p><ul><li>A</li><li>B</li></ul></mj-text>"
            '<mj-image src="https://x.com/a.png" alt="Vestido" />'
            '<mj-button href="https://x.com/loja">Ver</mj-button>'
        )

        assert text_of(markup) == "Oi, Ana\n\nUm dia lindo.\n\n- A\n- B\n\nVestido\n\nVer: https://x.com/loja"

    def test_writes_an_address_once(self):
        assert text_of('<p><a href="https://x.com">https://x.com</a></p>') == "https://x.com"

    def test_reads_what_was_escaped_back(self):
        assert text_of("<p>A &amp; B &lt;c&gt;</p>") == "A & B <c>"


class TestLinks:
    @pytest.mark.parametrize(
        ("url", "why"),
        [
            ("https://loja.example.com/a", ""),
            ("www.loja.com.br", ""),
            ("ftp://x.com", "scheme"),
            ("javascript:alert(1)", "scheme"),
            ("https://", "host"),
            ("https://intranet/a", "host"),
            ("http://[::1", "host"),
            ("http://x.com:99999/", "host"),
            ("http://127.0.0.1/", "local"),
            ("http://10.0.0.8/a", "local"),
            ("http://localhost/a", "local"),
            ("http://impressora.local/", "local"),
            ("https://ana:senha@x.com/", "credentials"),
            ("https://bit.ly/abc", "shortener"),
        ],
    )
    def test_are_judged_by_how_they_are_written(self, url, why):
        assert why_forbidden(url, shorteners=False) == why

    def test_are_found_in_a_text(self):
        text = "Veja https://x.com/a, www.y.com.br! ou bit.ly/z. Nada em preco.ly ou a@bit.ly/x"

        assert list(links_of(text)) == ["https://x.com/a", "www.y.com.br", "bit.ly/z"]


class TestNumbered:
    def test_numbers_each_name_once_in_order(self):
        body, names = numbered(
            "Oi, {{ customer.first_name }}! A {{store.name}} espera {{ customer.first_name }} hoje."
        )

        assert body == "Oi, {{1}}! A {{2}} espera {{1}} hoje."
        assert names == ["customer.first_name", "store.name"]

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("Oi {% if a %}x{% endif %} tchau", "approval_no_logic"),
            ("Oi {{ a | upcase }} tchau", "approval_no_filters"),
            ("Oi {{ cart.items[0].name }} tchau", "approval_no_filters"),
            ("{{ a }} tchau", "approval_variable_at_edge"),
            ("Oi {{ a }}", "approval_variable_at_edge"),
            ("Oi {{ a }}!", "approval_variable_at_edge"),
            ("Oi {{ a }} {{ b }} tchau", "approval_variables_adjacent"),
            ("x" * 1025, "approval_too_long"),
        ],
    )
    def test_refuses_what_whatsapp_refuses(self, text, code):
        with pytest.raises(TemplateRefused) as refused:
            numbered(text)

        assert refused.value.code == code

    def test_takes_a_text_without_variables(self):
        assert numbered("Bom dia.") == ("Bom dia.", [])


class TestCompare:
    def test_shows_changed_lines_with_their_neighbours(self):
        before = "\n".join("abcdefgh")
        after = before.replace("e", "E")

        assert compare(before, after) == [
            Line("gap"),
            Line("same", "c"),
            Line("same", "d"),
            Line("removed", "e"),
            Line("added", "E"),
            Line("same", "f"),
            Line("same", "g"),
            Line("gap"),
        ]

    def test_says_nothing_of_the_same_text(self):
        assert compare("a\nb", "a\nb") == []
