import json

import pytest
from django.conf import settings
from django.test import Client

from pos_api.models import TerminalKey
from pos_api.views.till import MODULES
from tests.builders import build_store, build_terminal, build_user

PERMISSION = "pos_api.add_terminalkey"


@pytest.fixture
def manager(db: None) -> Client:
    client = Client()
    client.force_login(build_user(permissions=[PERMISSION]))
    return client


def pair(client: Client, terminal: object) -> object:
    return client.post(
        "/till/terminals/", json.dumps({"terminal": terminal}), content_type="application/json"
    )


class TestTillPage:
    def test_opens_without_signing_in_and_holds_no_data(self, db: None) -> None:
        store = build_store(name="Loja Secreta")
        build_terminal(store=store)

        answer = Client().get("/till/")

        assert answer.status_code == 200
        assert "Loja Secreta" not in answer.content.decode()
        assert "<script>" not in answer.content.decode()

    def test_speaks_the_language_that_was_chosen(self, db: None) -> None:
        answer = Client().get("/till/", headers={"Accept-Language": "en"})

        assert '<html lang="en"' in answer.content.decode()

    def test_serves_its_texts_as_a_script(self, db: None) -> None:
        answer = Client().get("/till/texts.js")

        assert answer.status_code == 200
        assert answer["Content-Type"].startswith("text/javascript")

    def test_speaks_portuguese_as_a_cashier_does(self, db: None) -> None:
        texts = Client().get("/till/texts.js", headers={"Accept-Language": "pt-br"}).content.decode()

        assert '"Take back a card or e-purse": "Cancelar a venda de um vale ou carteira"' in texts
        assert "pode ter sido revogada ou digitada incorretamente" in texts

    def test_names_every_module_that_it_loads(self) -> None:
        files = {path.stem for path in (settings.BASE_DIR / "static" / "till").glob("*.js")}

        assert {*MODULES, "main"} == files


class TestWorker:
    def test_keeps_the_files_of_the_till_and_no_answer_of_the_api(self, db: None) -> None:
        answer = Client().get("/till/worker.js")

        script = answer.content.decode()
        files = json.loads(script.split("new Set(")[1].split(");")[0])
        assert answer["Content-Type"].startswith("text/javascript")
        assert {"/till/", "/till/texts.js", "/static/till/main.js", "/static/till/offline.js"} <= set(files)
        assert not [path for path in files if not path.startswith(("/till/", "/static/"))]


class TestPairing:
    def test_lists_active_terminals_by_store(self, manager: Client) -> None:
        store = build_store(code="0012", name="Pinheiros")
        terminal = build_terminal(store=store, code="1", name="Caixa 1")
        build_terminal(store=store, code="2", is_active=False)
        build_terminal(store=build_store(is_active=False))

        answer = manager.get("/till/terminals/")

        assert answer.json() == {
            "stores": [
                {
                    "code": "0012",
                    "name": "Pinheiros",
                    "terminals": [{"id": terminal.pk, "code": "1", "name": "Caixa 1"}],
                }
            ]
        }

    def test_issues_a_key_of_the_terminal(self, manager: Client) -> None:
        terminal = build_terminal()

        answer = pair(manager, terminal.pk)

        assert answer.status_code == 201
        key = TerminalKey.objects.get()
        assert key.terminal == terminal
        assert answer.json()["key"].startswith(f"fiel_live_{key.key_id}.")

    def test_tells_others_of_no_terminal(self, db: None) -> None:
        build_terminal()
        cashier = Client()
        cashier.force_login(build_user())

        assert Client().get("/till/terminals/").json() == {"stores": []}
        assert cashier.get("/till/terminals/").json() == {"stores": []}

    def test_issues_nothing_without_the_permission(self, db: None) -> None:
        terminal = build_terminal()
        cashier = Client()
        cashier.force_login(build_user())

        assert pair(Client(), terminal.pk).status_code == 403
        assert pair(cashier, terminal.pk).status_code == 403
        assert not TerminalKey.objects.exists()

    def test_issues_nothing_without_a_csrf_token(self, db: None) -> None:
        client = Client(enforce_csrf_checks=True)
        client.force_login(build_user(permissions=[PERMISSION]))

        assert pair(client, build_terminal().pk).status_code == 403
        assert not TerminalKey.objects.exists()

    @pytest.mark.parametrize(
        ("terminal", "status"), [("1", 422), (None, 422), (-1, 404), (999_999, 404), (10**30, 404)]
    )
    def test_answers_bad_input_with_a_reason(self, manager: Client, terminal: object, status: int) -> None:
        assert pair(manager, terminal).status_code == status
