"""The HTML of e-mails: the company's frame, compiled from MJML."""

import pytest

from messaging.mjml import Frame, as_dark, blocks_of, compile_email
from messaging.models import Channel, Letterhead, Template
from messaging.rendering import TemplateRefused
from messaging.services.composition import compose_with
from messaging.services.letterhead import LogoRefused, MessageSettings, save_message_settings
from messaging.services.templates import check_template
from messaging.starters import STARTERS, begin
from messaging.vocabulary import vocabulary_of
from retail.models import Company
from tests.builders import build_user
from tests.messaging.builders import build_company

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40
FRAME = Frame(
    company="A & B", language="pt-br", stop_label="Parar", stop_url="https://x.com/u", remark="Porque sim."
)
BLOCK = "<mj-section><mj-column><mj-text>{}</mj-text></mj-column></mj-section>"


def compiled(body="Oi", *, mjml=True, frame=FRAME):
    return compile_email(BLOCK.format(body) if mjml else body, mjml=mjml, subject="Assunto", frame=frame)


class TestCompileEmail:
    def test_puts_the_frame_around_mjml_and_rich_text_alike(self):
        for html in (compiled("Oi, <b>Ana</b>"), compiled("<p>Oi, <b>Ana</b></p>", mjml=False)):
            assert html.lstrip().lower().startswith("<!doctype html")
            assert "mj-" not in html.replace("mj-column-per", "").replace("mj-full-width", "").replace(
                "mj-outlook", ""
            )
            assert "Oi, <b>Ana</b>" in html
            assert "A &amp; B" in html
            assert "Porque sim." in html
            assert 'href="https://x.com/u"' in html

    def test_fetches_nothing_from_elsewhere(self):
        html = compiled()

        assert "fonts.googleapis" not in html
        assert "<link" not in html
        assert "@import" not in html

    def test_adapts_to_phones_and_dark_screens(self):
        html = compiled()

        assert "max-width" in html
        assert "prefers-color-scheme: dark" in html
        assert "prefers-color-scheme" not in as_dark(html)

    def test_shows_the_logo_in_place_of_the_name_and_the_footer_line_by_line(self):
        frame = Frame(
            company="Loja",
            language="en",
            logo_url="https://x.com/l.png",
            logo_width=120,
            footer="Rua <A>, 1\nSP",
        )
        html = compiled(frame=frame)

        assert 'src="https://x.com/l.png"' in html
        assert "Rua &lt;A&gt;, 1<br>SP" in html.replace("<br />", "<br>").replace("<br/>", "<br>")

    def test_takes_the_blocks_and_the_defaults_of_a_pasted_document(self):
        document = (
            '<mjml><mj-head><mj-preview>Espie</mj-preview><mj-attributes><mj-text color="#123456" />'
            '<mj-raw x="1" /></mj-attributes></mj-head><mj-body background-color="#fff">'
            f"{BLOCK.format('Colado')}</mj-body></mjml>"
        )
        html = compile_email(document, mjml=True, subject="x", frame=FRAME)

        assert blocks_of(document) == BLOCK.format("Colado")
        assert "Colado" in html
        assert "#123456" in html
        assert "Espie" in html

    def test_says_when_it_cannot_be_read(self):
        with pytest.raises(TemplateRefused) as refused:
            compile_email("<mj-section><mj-column", mjml=True, subject="x", frame=FRAME)

        assert refused.value.code == "mjml"


@pytest.mark.django_db
class TestStarters:
    @pytest.mark.parametrize("language", ["pt-br", "en"])
    @pytest.mark.parametrize("applies_to", ["customers", "sales"])
    @pytest.mark.parametrize("channel", ["email", "sms", "whatsapp"])
    def test_are_texts_that_can_be_saved(self, channel, applies_to, language):
        build_company(sms_limit=150)
        for starter in STARTERS:
            template = Template(
                name="X", applies_to=applies_to, channel=channel, language=language, in_use=False
            )

            composed = check_template(begin(template, starter=starter))

            assert composed.text
            assert bool(composed.html) == (channel == Channel.EMAIL)


@pytest.mark.django_db
class TestComposeEmail:
    def email(self, **values):
        return Template(
            **{
                "name": "X",
                "applies_to": "customers",
                "channel": "email",
                "language": "pt-br",
                "subject": "Oi",
            }
            | values
        )

    def test_makes_the_text_part_of_the_html(self):
        build_company()
        template = self.email(html=BLOCK.format("Oi, <b>{{ customer.first_name }}</b>!"), html_format="mjml")

        sample = vocabulary_of(template).sample | {"preferences_link": None}
        composed = compose_with(template, sample, company=Company.objects.get())

        assert composed.text == "Oi, Maximiliano!"

    def test_links_of_a_plain_text_can_be_clicked_and_those_that_people_typed_cannot(self):
        build_company()
        template = Template(
            channel=Channel.EMAIL,
            language="pt-br",
            subject="Oi",
            text="Oi, {{ customer.name }}! Veja https://loja.example.com/?a=1&b=2. Parar: {{ unsubscribe_link }}",
        )
        context = {
            "customer": {"name": "Ana https://evil.example.com/"},
            "unsubscribe_link": "https://fiel.example.com/u/1",
        }

        composed = compose_with(template, context, company=Company.objects.get())

        assert '<a href="https://loja.example.com/?a=1&amp;b=2">' in composed.html
        assert '<a href="https://fiel.example.com/u/1">' in composed.html
        assert 'href="https://evil' not in composed.html

    def test_escapes_values_before_they_are_compiled(self):
        build_company()
        template = self.email(html=BLOCK.format("{{ customer.first_name }}"), html_format="mjml")
        context = vocabulary_of(template).sample | {
            "customer": {"first_name": "</mj-text><mj-raw><script>1</script>", "name": "x"}
        }

        html = compose_with(template, context, company=Company.objects.get()).html

        assert "<script>1" not in html
        assert "&lt;script&gt;" in html

    def test_ends_with_the_companys_footer_in_both_parts(self):
        build_company()
        Letterhead.objects.create(pk=1, footer="Rua A, 1 – São Paulo")
        template = self.email(text="Oi!")

        sample = vocabulary_of(template).sample | {"preferences_link": None}
        composed = compose_with(template, sample, company=Company.objects.get())

        assert composed.text == "Oi!\n\nRua A, 1 – São Paulo"
        assert "Rua A, 1 – São Paulo" in composed.html


@pytest.mark.django_db
class TestSaveMessageSettings:
    def values(self, **given):
        defaults = {
            "color": "#1F2A44", "footer": " Rua A ", "logo_width": 120, "sms_limit": 160, "sms_segment_price": None,
        }  # fmt: skip
        return MessageSettings(**defaults | given)

    def test_keeps_the_look_and_the_companys_limits(self, client):
        build_company()
        saved = save_message_settings(values=self.values(logo=PNG), user=build_user())

        assert (saved.color, saved.footer, saved.logo_type) == ("#1f2a44", "Rua A", "image/png")
        assert Company.objects.get().sms_limit == 160
        answer = client.get(f"/messages/logo/{saved.logo_digest}/")
        assert (answer.content, answer["Content-Type"]) == (PNG, "image/png")
        assert client.get("/messages/logo/other/").status_code == 404

    def test_keeps_and_takes_away_the_logo(self):
        build_company()
        user = build_user()
        save_message_settings(values=self.values(logo=PNG), user=user)

        assert save_message_settings(values=self.values(), user=user).logo_digest
        assert not save_message_settings(values=self.values(logo=b""), user=user).logo_digest

    @pytest.mark.parametrize(
        ("content", "code"), [(b"<svg></svg>", "logo_type"), (PNG + b"0" * 300_000, "logo_too_large")]
    )
    def test_refuses_what_mail_programs_do_not_show(self, content, code):
        build_company()

        with pytest.raises(LogoRefused) as refused:
            save_message_settings(values=self.values(logo=content), user=build_user())

        assert refused.value.code == code
