"""Settings of a whole process: what it refuses to start with."""

import os
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMessage

from config.checks import check_imitation
from config.settings import IMITATED_ACCOUNT
from messaging.channels.email import EmailChannel
from messaging.local.switch import EMAIL_BACKEND

PRODUCTION = {
    "FIEL_ENV": "production",
    "FIEL_SECRET_KEY": "s" * 40,
    "FIEL_KEY_PEPPER": "p" * 40,
    "PUBLIC_URL": "https://fiel.example.com",
    "DJANGO_SETTINGS_MODULE": "config.settings",
}


def read_settings(**environment: str) -> subprocess.CompletedProcess[str]:
    code = (
        "from django.conf import settings as s; "
        "print(s.SESSION_COOKIE_SECURE, s.SECURE_SSL_REDIRECT, s.DEBUG, s.ALLOWED_HOSTS)"
    )
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


class TestProduction:
    def test_starts_with_secrets_of_its_own_and_is_strict(self):
        done = read_settings(**PRODUCTION, FIEL_DEBUG="1")

        assert done.stderr == ""
        assert done.stdout.startswith("True True False ")
        assert "fiel.example.com" in done.stdout

    @pytest.mark.parametrize("name", ["FIEL_SECRET_KEY", "FIEL_KEY_PEPPER"])
    @pytest.mark.parametrize("value", ["", "short", "insecure-development-secret-of-this-machine-only"])
    def test_refuses_a_default_or_weak_secret(self, name, value):
        done = read_settings(**PRODUCTION | {name: value})

        assert done.returncode != 0
        assert f"{name} must be set to a random text" in done.stderr


class TestDemo:
    @pytest.mark.parametrize(
        "provider",
        [{"TWILIO_ACCOUNT_SID": "AC1"}, {"EMAIL_URL": "smtp://mail.example"}],
        ids=["twilio", "smtp"],
    )
    def test_never_meets_a_real_provider(self, provider):
        done = read_settings(FIEL_DEMO="1", **{"DJANGO_SETTINGS_MODULE": "config.settings", **provider})

        assert done.returncode != 0
        assert "FIEL_DEMO" in done.stderr


class TestImitation:
    """What the check says when settings were changed after they were read, as a plug-in of settings could."""

    def found(self, settings, **values):
        for name, value in values.items():
            setattr(settings, name, value)
        return [problem.id for problem in check_imitation(None)]

    def test_runs_alone(self, settings):
        local = {
            "DEMO": True,
            "TWILIO_API_BASE": "http://localhost/_local/twilio",
            "EMAIL_BACKEND": EMAIL_BACKEND,
        }

        assert self.found(settings, **local, TWILIO_ACCOUNT_SID=IMITATED_ACCOUNT) == []
        assert self.found(settings, TWILIO_ACCOUNT_SID="AC" + "1" * 32) == ["fiel.E004"]
        assert self.found(
            settings, TWILIO_ACCOUNT_SID=IMITATED_ACCOUNT, TWILIO_API_BASE="https://api.twilio.com"
        ) == ["fiel.E004"]
        settings.TWILIO_API_BASE = local["TWILIO_API_BASE"]
        assert self.found(settings, EMAIL_BACKEND="anymail.backends.mailgun.EmailBackend") == ["fiel.E004"]

    def test_belongs_to_demonstrations(self, settings):
        assert self.found(settings, DEMO=False, TWILIO_ACCOUNT_SID=IMITATED_ACCOUNT, TWILIO_API_BASE="") == [
            "fiel.E005"
        ]
        settings.TWILIO_ACCOUNT_SID = "AC" + "1" * 32
        assert self.found(settings, TWILIO_API_BASE="http://x") == ["fiel.E007"]
        assert self.found(settings, TWILIO_API_BASE="") == []
        assert self.found(settings, EMAIL_BACKEND=EMAIL_BACKEND) == ["fiel.E006"]


class TestWithoutDemonstration:
    @pytest.mark.parametrize(
        ("values", "named"),
        [
            ({"EMAIL_URL": "local:"}, "EMAIL_URL"),
            ({"TWILIO_ACCOUNT_SID": "AC1", "TWILIO_API_BASE": "http://127.0.0.1:1"}, "TWILIO_API_BASE"),
        ],
        ids=["e-mail", "twilio"],
    )
    @pytest.mark.parametrize("base", [{}, PRODUCTION], ids=["development", "production"])
    def test_nothing_goes_to_an_imitation(self, base, values, named):
        environment = {"DJANGO_SETTINGS_MODULE": "config.settings", **base, **values}
        done = read_settings(FIEL_DEMO="0", **environment)

        assert done.returncode != 0
        assert named in done.stderr

    def test_the_imitated_inbox_takes_no_e_mail(self, settings):
        settings.DEMO, settings.EMAIL_BACKEND = False, EMAIL_BACKEND

        assert not EmailChannel().is_available()
        with pytest.raises(ImproperlyConfigured, match="FIEL_DEMO"):
            EmailMessage("Oi", "Oi", to=["ana@example.com"]).send()
