"""Templates under limits, and N28: what a text message costs."""

import pytest

from messaging.occasions import KINDS
from messaging.rendering import TemplateRefused, check, measure_sms, plain_text, render, single_line

RECOVERY = KINDS["recovery"]


def refuse(source):
    with pytest.raises(TemplateRefused) as refusal:
        check(source, variables=RECOVERY.names, sample=RECOVERY.sample)
    return refusal.value


class TestCheck:
    @pytest.mark.parametrize(
        "source",
        [
            "Oi {{ customer.first_name }}",
            "{% for item in cart.items %}{{ item.quantity }}x {{ item.name }} {{ item.price }}{% endfor %}",
            "{% if coupon.code %}Use {{ coupon.code }} até {{ coupon.valid_until }}{% endif %}",
            "{{ cart.items.first.name | upcase | default: 'algo' }}",
        ],
    )
    def test_accepts_what_the_occasion_offers(self, source):
        check(source, variables=RECOVERY.names, sample=RECOVERY.sample)

    @pytest.mark.parametrize(
        ("source", "name"),
        [
            ("{{ custmer.name }}", "custmer.name"),
            ("{{ customer.document }}", "customer.document"),
            ("{% for item in cart.items %}{{ item.cost }}{% endfor %}", "item.cost"),
            ("{% if cart.secret %}x{% endif %}", "cart.secret"),
            ("{{ customer }}", "customer"),
            ("{{ settings.SECRET_KEY }}", "settings.SECRET_KEY"),
            ("{{ customer.name.__class__ }}", "customer.name.__class__"),
        ],
    )
    def test_names_the_variable_that_does_not_exist(self, source, name):
        refusal = refuse(source)

        assert (refusal.code, refusal.params["name"]) == ("unknown_variable", name)

    @pytest.mark.parametrize(
        "source",
        [
            "{{ customer.name",
            "{% include 'secret' %}",
            "{% debug %}",
            "{{ customer.name | safe }}",
            "{% for i in (1..100000000) %}x{% endfor %}",
            "{% assign s = 'x' %}{% for i in (1..1999) %}{% assign s = s | append: s %}{% endfor %}",
        ],
    )
    def test_refuses_what_could_break_or_never_end(self, source):
        assert refuse(source).code == "syntax"

    def test_names_the_line_of_an_error(self):
        assert refuse("um\ndois\n{{ customer.name").params["line"] == 3


class TestRender:
    def test_escapes_values_in_html(self):
        context = {"customer": {"name": "<script>alert(1)</script>"}}

        assert render("<p>{{ customer.name }}</p>", context, html=True) == (
            "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"
        )

    def test_leaves_values_alone_in_plain_text(self):
        assert render("{{ customer.name }}", {"customer": {"name": "Tom & Cia"}}) == "Tom & Cia"

    def test_does_not_read_a_value_as_a_template(self):
        assert render("{{ name }}", {"name": "{{ 7 | times: 7 }}"}) == "{{ 7 | times: 7 }}"

    def test_shows_nothing_for_a_value_that_is_absent(self):
        assert render("Oi {{ customer.name }}!", {"customer": {}}) == "Oi !"


class TestCleaning:
    def test_keeps_a_subject_on_one_line(self):
        assert single_line("Oi\r\nBcc: outro@example.com") == "Oi Bcc: outro@example.com"

    def test_takes_control_characters_out_of_text_messages(self):
        assert plain_text("Oi\x00 \u2028Ana \r\n\n\n\nTchau ") == "Oi Ana\n\nTchau"


class TestMeasureSms:
    @pytest.mark.parametrize(
        ("text", "encoding", "units", "segments"),
        [
            ("", "GSM-7", 0, 0),
            ("a" * 160, "GSM-7", 160, 1),
            ("a" * 161, "GSM-7", 161, 2),
            ("a" * 306, "GSM-7", 306, 2),
            ("a" * 307, "GSM-7", 307, 3),
            ("é à Ç É".ljust(150, "x"), "GSM-7", 150, 1),
            ("€" * 80, "GSM-7", 160, 1),
            ("€" * 81, "GSM-7", 162, 2),
            ("ã" + "a" * 69, "UCS-2", 70, 1),
            ("ã" + "a" * 70, "UCS-2", 71, 2),
            ("😀" * 35, "UCS-2", 70, 1),
            ("😀" * 36, "UCS-2", 72, 2),
        ],
    )
    def test_counts_as_operators_bill(self, text, encoding, units, segments):
        size = measure_sms(text)

        assert (size.encoding, size.units, size.segments) == (encoding, units, segments)

    @pytest.mark.parametrize("letter", "ãõáâêíóôúç")
    def test_one_portuguese_letter_makes_150_characters_three_segments(self, letter):
        size = measure_sms("a" * 149 + letter)

        assert (size.encoding, size.characters, size.segments) == ("UCS-2", 150, 3)
        assert size.expensive == (letter,)

    def test_never_splits_a_pair_of_units(self):
        # 67 units a segment: the 34th emoji would need the 67th and 68th.
        assert measure_sms("😀" * 67).segments == 3
