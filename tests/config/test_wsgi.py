"""The one callable: short way for tills, whole stack for people."""

from io import BytesIO

import pytest
from django.utils import translation

from config.middleware import preferred_language
from config.wsgi import application, client_address


def call(path: str, **headers: str) -> tuple[str, dict[str, str], bytes]:
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost",
        "wsgi.input": BytesIO(),
        "wsgi.url_scheme": "http",
        "REMOTE_ADDR": "127.0.0.1",
        **headers,
    }
    answer: list[object] = []
    body = application(environ, lambda status, fields: answer.extend([status, dict(fields)]))
    content = b"".join(body)
    body.close()
    status, fields = answer
    return status, fields, content


@pytest.mark.django_db
class TestTerminalRequest:
    def test_takes_the_short_way(self):
        status, headers, _body = call("/api/v1/nothing/", HTTP_AUTHORIZATION="Api-Key abc.def")

        assert status == "404 Not Found"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
        assert len(headers["X-Request-ID"]) == 32
        assert not {"Content-Security-Policy", "Set-Cookie", "Vary"} & headers.keys()

    def test_is_not_answered_in_the_language_of_the_request_before(self):
        translation.activate("en")

        call("/api/v1/nothing/", HTTP_AUTHORIZATION="Api-Key abc.def")

        assert translation.get_language() == "pt-br"
        translation.activate("pt-br")


@pytest.mark.django_db
class TestOtherRequest:
    def test_gets_the_whole_stack_whatever_key_it_carries(self):
        status, headers, _body = call("/products/", HTTP_AUTHORIZATION="Api-Key abc.def")

        assert status == "302 Found"
        assert "Content-Security-Policy" in headers

    def test_gets_the_whole_stack(self):
        status, headers, _body = call("/admin/")

        assert status == "302 Found"
        assert "Content-Security-Policy" in headers

    def test_keeps_a_harmless_request_id_and_replaces_any_other(self):
        kept = call("/admin/", HTTP_X_REQUEST_ID="till-7.000123")[1]["X-Request-ID"]
        replaced = call("/admin/", HTTP_X_REQUEST_ID="a\nb" * 5)[1]["X-Request-ID"]

        assert kept == "till-7.000123"
        assert len(replaced) == 32


class TestPreferredLanguage:
    @pytest.mark.parametrize(
        ("header", "language"),
        [
            ("", "pt-br"),
            ("en-GB,pt;q=0.5", "en"),
            ("pt-PT", "pt-br"),
            ("de, en;q=0.3", "en"),
            ("*", "pt-br"),
            ("x" * 4000, "pt-br"),
        ],
    )
    def test_takes_the_first_supported_one(self, header, language):
        assert preferred_language(header) == language


class TestClientAddress:
    @pytest.mark.parametrize(
        ("forwarded_for", "proxies", "address"),
        [
            ("", 1, "10.0.0.1"),
            ("203.0.113.9", 1, "203.0.113.9"),
            ("6.6.6.6, 203.0.113.9", 1, "203.0.113.9"),
            ("6.6.6.6, 203.0.113.9, 10.0.0.2", 2, "203.0.113.9"),
            ("203.0.113.9", 2, "10.0.0.1"),
            ("203.0.113.9", 0, "10.0.0.1"),
        ],
    )
    def test_believes_only_our_own_proxies(self, forwarded_for, proxies, address):
        assert client_address(forwarded_for, "10.0.0.1", proxies) == address
