"""Signing in and out, being locked out, a person's own settings, errors."""

import pytest
from django.test import Client

from tests import builders

PASSWORD = "caju-jabuti-2470"


@pytest.fixture
def user(db):
    return builders.build_user(username="marina", password=PASSWORD, first_name="Marina")


def try_to_sign_in(client: Client, password: str, **values: str):
    return client.post("/sign-in/", {"username": "marina", "password": password, **values})


class TestSignIn:
    def test_leads_to_the_page_that_was_asked_for(self, user):
        answer = try_to_sign_in(Client(), PASSWORD, next="/profile/")

        assert answer.status_code == 302
        assert answer["Location"] == "/profile/"

    def test_never_leads_to_another_site(self, user):
        answer = try_to_sign_in(Client(), PASSWORD, next="https://example.org/")

        assert answer["Location"] == "/"

    def test_keeps_the_user_name_after_a_wrong_password(self, user):
        answer = try_to_sign_in(Client(), "wrong")

        assert answer.status_code == 200
        assert 'value="marina"' in answer.content.decode()
        assert 'role="alert"' in answer.content.decode()

    def test_locks_a_user_out_after_five_failures_and_says_so(self, user):
        client = Client()
        client.cookies["django_language"] = "en"
        for _attempt in range(4):
            assert try_to_sign_in(client, "wrong").status_code == 200

        assert try_to_sign_in(client, "wrong").status_code == 429
        answer = try_to_sign_in(client, PASSWORD)

        assert answer.status_code == 429
        assert "Too many attempts" in answer.content.decode()

    def test_is_the_admin_s_too(self, user):
        answer = Client().get("/admin/", follow=True)

        assert answer.redirect_chain[-1][0] == "/sign-in/?next=/admin/"

    def test_refuses_the_admin_to_who_is_no_staff_without_asking_again(self, user):
        client = Client()
        client.force_login(user)

        assert client.get("/admin/", follow=True).status_code == 403


class TestSignOut:
    def test_ends_the_session(self, user):
        client = Client()
        client.force_login(user)

        client.post("/sign-out/")

        assert client.get("/").status_code == 302


class TestProfile:
    def test_changes_the_name(self, user):
        client = Client()
        client.force_login(user)

        client.post("/profile/", {"first_name": "Marina", "last_name": "Costa", "email": "m@example.com"})

        user.refresh_from_db()
        assert user.get_full_name() == "Marina Costa"

    def test_changes_the_password_and_stays_signed_in(self, user):
        client = Client()
        client.force_login(user)
        new = "ipe-roxo-no-quintal-77"

        answer = client.post(
            "/profile/password/", {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
        )

        assert answer["Location"] == "/profile/"
        assert client.get("/profile/").status_code == 200
        user.refresh_from_db()
        assert user.check_password(new)

    def test_remembers_the_theme_on_the_device(self, user):
        client = Client()
        client.force_login(user)

        answer = client.post("/profile/theme/", {"theme": "dark", "next": "/profile/"})

        assert answer["Location"] == "/profile/"
        assert '<html lang="pt-br" data-theme="dark">' in client.get("/profile/").content.decode()

    def test_refuses_a_theme_that_does_not_exist(self, user):
        client = Client()
        client.force_login(user)

        assert client.post("/profile/theme/", {"theme": "<script>"}).status_code == 400

    def test_ignores_a_cookie_that_names_no_theme(self, user):
        client = Client()
        client.force_login(user)
        client.cookies["fiel_theme"] = '"><script>'

        assert '<html lang="pt-br">' in client.get("/profile/").content.decode()


class TestErrorPages:
    @pytest.mark.parametrize("language", ["pt-br", "en"])
    def test_speak_the_reader_s_language(self, db, language):
        client = Client()
        client.cookies["django_language"] = language

        answer = client.get("/nowhere/")

        assert answer.status_code == 404
        assert f'<html lang="{language}"' in answer.content.decode()

    def test_explain_a_form_that_was_open_for_too_long(self, db):
        answer = Client(enforce_csrf_checks=True).post("/sign-in/", {})

        assert answer.status_code == 403
        assert "403_csrf.html" in [template.name for template in answer.templates]

    def test_show_a_page_for_a_defect_of_ours(self, db, monkeypatch):
        def fail(*_args, **_kwargs):
            raise RuntimeError

        monkeypatch.setattr("config.views.search.SOURCES", property(fail))
        client = Client(raise_request_exception=False)
        client.force_login(builders.build_user())

        answer = client.get("/search/?q=camiseta")

        assert answer.status_code == 500
        assert "<h1>" in answer.content.decode()
