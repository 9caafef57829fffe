from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from pos_api import authentication
from pos_api.models import TerminalKey, UserToken
from pos_api.services import credentials
from tests.builders import build_user
from tests.pos_api.till import Till, basket

NOW = timezone.now().replace(microsecond=0)


def printed(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue().strip()


class TestTerminalKey:
    def test_is_stored_as_a_hash_only(self, till: Till) -> None:
        key = TerminalKey.objects.get()
        secret = till.credential.split(".")[1]

        assert till.credential == f"fiel_live_{key.key_id}.{secret}"
        assert secret not in key.secret_hash
        assert len(key.secret_hash) == 64

    @pytest.mark.parametrize(
        "change",
        [
            lambda c: c[:-1] + ("A" if c[-1] != "A" else "B"),
            lambda c: c.replace("live", "test"),
            lambda c: c.replace("fiel", "FIEL"),
            lambda c: c.split(".")[0],
            lambda c: c + "x" * 200,
            lambda c: "",
            lambda c: "é" * 30,
        ],
    )
    def test_must_be_right_to_the_letter(self, till: Till, change: Any) -> None:
        assert till.evaluate(basket()).status_code == 200
        till.credential = change(till.credential)

        response = till.evaluate(basket())

        assert response.status_code == 401
        assert response["Content-Type"] == "application/problem+json"
        assert "Api-Key" in response["WWW-Authenticate"]

    def test_stops_working_within_thirty_seconds_of_being_revoked(self, till: Till, monkeypatch: Any) -> None:
        clock = [1000.0]
        monkeypatch.setattr(authentication.time, "monotonic", lambda: clock[0])
        assert till.evaluate(basket()).status_code == 200
        assert credentials.revoke_terminal_key(key=TerminalKey.objects.get(), at=timezone.now())

        clock[0] += 30.1

        assert till.evaluate(basket()).status_code == 401

    def test_ends_at_its_expiry_even_while_it_is_remembered(self, till: Till, monkeypatch: Any) -> None:
        clock = [1000.0]
        monkeypatch.setattr(authentication.time, "monotonic", lambda: clock[0])
        TerminalKey.objects.update(expires_at=timezone.now() + timedelta(seconds=10))
        assert till.evaluate(basket()).status_code == 200

        clock[0] += 10.1
        with time_machine.travel(timezone.now() + timedelta(seconds=11)):
            assert till.evaluate(basket()).status_code == 401

    def test_is_rotated_with_two_valid_keys_for_a_while(self, till: Till) -> None:
        old = TerminalKey.objects.get()
        _new, credential = credentials.rotate_terminal_key(
            key=old, at=timezone.now(), grace=timedelta(hours=1)
        )
        fresh = Till(till.terminal, credential)

        assert till.evaluate(basket()).status_code == fresh.evaluate(basket()).status_code == 200
        authentication.terminals.clear()
        with time_machine.travel(timezone.now() + timedelta(hours=2)):
            assert (till.evaluate(basket()).status_code, fresh.evaluate(basket()).status_code) == (401, 200)

    @pytest.mark.parametrize("closed", ["terminal", "store"])
    def test_is_worth_nothing_when_the_terminal_or_store_is_closed(self, till: Till, closed: str) -> None:
        thing = till.terminal if closed == "terminal" else till.terminal.store
        thing.is_active = False
        thing.save()

        assert till.evaluate(basket()).status_code == 401

    def test_asks_the_database_once_in_thirty_seconds(
        self, till: Till, django_assert_num_queries: Any
    ) -> None:
        till.send("GET", "terminal/")

        with django_assert_num_queries(2):  # the plan's version, and what is said of receipts
            assert till.send("GET", "terminal/").json()["terminal"] == till.terminal.code


class TestPeople:
    def test_call_with_a_token(self, db: None, client: Client) -> None:
        user = build_user(permissions=["campaigns.view_campaign"])
        _token, credential = credentials.issue_user_token(user=user, at=timezone.now())
        headers = {"Authorization": f"Bearer {credential}"}

        assert client.get("/api/v1/campaigns/", headers=headers).status_code == 200
        user.is_active = False
        user.save()
        assert client.get("/api/v1/campaigns/", headers=headers).status_code == 401

    def test_lose_a_revoked_token(self, db: None, client: Client) -> None:
        token, credential = credentials.issue_user_token(user=build_user(), at=timezone.now())
        credentials.revoke_user_token(token=token, at=timezone.now())

        response = client.get("/api/v1/campaigns/", headers={"Authorization": f"Bearer {credential}"})

        assert response.status_code == 401

    def test_call_with_their_session_and_write_with_its_csrf_token(self, db: None) -> None:
        client = Client(enforce_csrf_checks=True)
        client.force_login(build_user(is_superuser=True), backend="django.contrib.auth.backends.ModelBackend")

        assert client.get("/api/v1/campaigns/").status_code == 200
        response = client.post("/api/v1/campaigns/", b"{}", content_type="application/json")

        assert response.status_code == 403
        assert response["Content-Type"] == "application/problem+json"


class TestCommands:
    def test_print_nothing_but_the_credential(self, till: Till, client: Client) -> None:
        user = build_user(is_superuser=True)

        key = printed("create_terminal_key", till.terminal.store.code, till.terminal.code)
        trial = printed("create_terminal_key", till.terminal.store.code, till.terminal.code, "--test")
        token = printed("create_token", user.get_username())

        assert key.startswith("fiel_live_")
        assert trial.startswith("fiel_test_")
        assert Till(till.terminal, trial).send("GET", "terminal/").json()["test"] is True
        assert Till(till.terminal, key).evaluate(basket()).status_code == 200
        assert (
            client.get("/api/v1/campaigns/", headers={"Authorization": f"Bearer {token}"}).status_code == 200
        )
        assert UserToken.objects.count() == 1

    @pytest.mark.parametrize("arguments", [("create_token", "nobody"), ("create_terminal_key", "L", "1")])
    def test_refuse_what_does_not_exist(self, db: None, arguments: tuple[str, ...]) -> None:
        with pytest.raises(CommandError):
            printed(*arguments)
