"""The shortest way to an evaluation: the same bytes as the ordinary way, or none at all."""

import json
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from django.db import OperationalError, close_old_connections
from django.urls import resolve

from campaigns.loader import forget_plans
from config import express
from config.wsgi import TerminalHandler, application
from pos_api import authentication, usage
from pos_api.services import evaluation
from pos_api.views.baskets import EvaluateView
from tests.pos_api.till import Till, basket, issue_code, line, publish


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    yield
    forget_plans()
    express.forget_failures()
    usage.forget()
    authentication.terminals.clear()


@pytest.fixture
def till(db: None) -> Till:
    """A terminal whose key this process knows."""
    till = Till.open()
    publish("DEZ", exchange="gross")
    publish("ACIMA", minimum_amount="500.00", exchange="gross")
    till.evaluate(basket())
    return till


def environ(till: Till, body: Any, **changes: str) -> dict[str, Any]:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": express.PATH,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost",
        "HTTP_AUTHORIZATION": f"Api-Key {till.credential}",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(content)),
        "wsgi.input": BytesIO(content),
        "wsgi.url_scheme": "http",
        "REMOTE_ADDR": "127.0.0.1",
        **changes,
    }


def call(handler: Any, request: dict[str, Any]) -> tuple[str, dict[str, str], bytes]:
    # Django's handler looks after its connections around a request; this one is the test's transaction.
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    answer: list[Any] = []
    body = handler(request, lambda status, fields: answer.extend([status, dict(fields)]))
    content = b"".join(body)
    getattr(body, "close", lambda: None)()
    request_started.connect(close_old_connections)
    request_finished.connect(close_old_connections)
    return answer[0], answer[1], content


class TestPlainRequest:
    @pytest.mark.parametrize("language", ["en", "pt-BR"])
    @pytest.mark.parametrize(
        "body",
        [
            basket(line(1), line(2, quantity="0.350"), customer={"code": "nobody"}),
            basket(promo_codes=["NAOEXISTE", "BEMVINDO"], payments=[{"method": "pix"}], delivery_fee="7.00"),
            basket(exchange=[{"sku": "VELHA", "quantity": "1", "unit_price": "20.00"}]),
        ],
    )
    def test_gets_the_bytes_of_the_ordinary_way(self, till: Till, body: Any, language: str) -> None:
        issue_code(max_uses=None)
        headers = {"HTTP_ACCEPT_LANGUAGE": language, "HTTP_X_REQUEST_ID": "till-7.000123"}

        short = call(express.evaluate, environ(till, body, **headers))
        whole = call(TerminalHandler(), environ(till, body, **headers))

        assert short[0] == whole[0] == "200 OK"
        assert short[2] == whole[2]
        assert short[1] == whole[1] | {"Content-Length": str(len(short[2]))}

    def test_is_the_view_of_its_path(self) -> None:
        assert resolve(express.PATH).func.view_class is EvaluateView

    def test_gets_a_request_id_of_its_own_where_it_brings_none_that_can_be_kept(self, till: Till) -> None:
        _status, headers, _body = call(application, environ(till, basket(), HTTP_X_REQUEST_ID="a\nb" * 5))

        assert len(headers["X-Request-ID"]) == 32


class TestAnyOtherRequest:
    @pytest.mark.parametrize(
        ("body", "changes", "status"),
        [
            (basket(line(quantity="0")), {}, "422"),
            (b'{"lines": [', {}, "400"),
            (b"\xff" * 40, {}, "400"),
            (basket(), {"REQUEST_METHOD": "GET"}, "405"),
            (basket(), {"CONTENT_TYPE": "text/plain"}, "415"),
            (basket(), {"HTTP_CONTENT_ENCODING": "gzip"}, "415"),
            (basket(), {"CONTENT_LENGTH": "2000000"}, "413"),
            (basket(), {"CONTENT_LENGTH": ""}, "400"),
            (basket(), {"QUERY_STRING": "%00"}, "400"),
            (basket(), {"HTTP_AUTHORIZATION": "Api-Key fiel_live_zzzzzzzzzz." + "x" * 40}, "401"),
        ],
    )
    def test_is_answered_by_the_ordinary_way(
        self, till: Till, body: Any, changes: dict[str, str], status: str
    ) -> None:
        assert express.evaluate(environ(till, body, **changes), pytest.fail) is None

        answered, _headers, content = call(application, environ(till, body, **changes))

        assert answered.startswith(status)
        assert json.loads(content)["status"] == int(status)

    def test_has_its_body_read_again(self, till: Till) -> None:
        _status, _headers, content = call(application, environ(till, basket(line(sku=""), line(2, sku=7))))

        assert [error["path"] for error in json.loads(content)["errors"]] == ["lines[0].sku", "lines[1].sku"]

    def test_waits_for_the_database_as_ever(self, till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*_arguments: Any, **_named: Any) -> None:
            raise OperationalError("the server closed the connection")

        monkeypatch.setattr(evaluation.selectors, "read_snapshot", refuse)

        assert call(application, environ(till, basket()))[0].startswith("503")

    def test_is_counted_where_requests_are_limited(self, till: Till, settings: Any) -> None:
        settings.TERMINAL_REQUESTS_PER_MINUTE = 1

        statuses = [call(application, environ(till, basket()))[0][:3] for _ in range(3)]

        assert statuses[-1] == "429"

    def test_is_refused_once_its_key_is_no_longer_believed(self, till: Till) -> None:
        assert call(application, environ(till, basket()))[0] == "200 OK"
        till.terminal.keys.update(revoked_at=till.terminal.keys.get().created_at)
        authentication.terminals.clear()

        assert call(application, environ(till, basket()))[0].startswith("401")


class TestFailureOfTheShortWay:
    @pytest.fixture
    def failing(self, till: Till, monkeypatch: pytest.MonkeyPatch) -> Till:
        def fail(document: Any, *_arguments: Any, **_named: Any) -> None:
            raise ZeroDivisionError(document.customer.document)

        monkeypatch.setattr(express, "evaluate_basket", fail)
        return till

    def test_is_logged_once_for_its_place_and_without_what_the_exception_says(
        self, failing: Till, caplog: pytest.LogCaptureFixture
    ) -> None:
        body = basket(customer={"document": "123.456.789-09"})
        answers = [call(application, environ(failing, body))[0] for _ in range(3)]

        assert answers == ["200 OK"] * 3
        (record,) = [record for record in caplog.records if record.name == "config.express"]
        assert record.levelname == "ERROR"
        assert "ZeroDivisionError" in record.getMessage()
        assert "in fail" in record.getMessage()
        assert "12345678909" not in caplog.text

    def test_is_not_logged_where_the_request_is_wrong(
        self, till: Till, caplog: pytest.LogCaptureFixture
    ) -> None:
        status, _headers, _content = call(application, environ(till, basket(line(quantity="0"))))

        assert status.startswith("422")
        assert not [record for record in caplog.records if record.name == "config.express"]
