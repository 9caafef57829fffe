"""The files for servers agree with the settings and with their documentation."""

import re
from pathlib import Path

import pytest
import yaml

from config.celery import app

ROOT = Path(__file__).resolve().parent.parent.parent
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
OURS = ("migrate", "web", "worker", "senders", "jobs", "scheduler")


def settings_names() -> set[str]:
    source = (ROOT / "config" / "settings.py").read_text()
    names = re.findall(r'(?:env\.[a-z_]+|_secret)\(\s*"([A-Z_]+)"', source)
    # Settings of the provider of e-mails are one family, with one row.
    return {name for name in names if not name.startswith("ANYMAIL_")}


class TestCompose:
    def test_has_every_part_once(self):
        assert set(SERVICES) == {
            "postgres",
            "redis",
            "migrate",
            "web",
            "worker",
            "senders",
            "jobs",
            "scheduler",
            "proxy",
        }
        assert SERVICES["scheduler"]["deploy"]["replicas"] == 1

    @pytest.mark.parametrize("name", OURS)
    def test_sets_only_what_the_settings_read(self, name):
        names = set(SERVICES[name]["environment"])

        assert names - {"GRANIAN_WORKERS"} <= settings_names()
        assert {"DATABASE_URL", "REDIS_URL", "PUBLIC_URL", "FIEL_SECRET_KEY", "FIEL_KEY_PEPPER"} <= names

    @pytest.mark.parametrize("name", sorted(SERVICES))
    def test_checks_the_health_of_whatever_stays_up(self, name):
        check = SERVICES[name]["healthcheck"]

        assert check.get("test") or SERVICES[name]["restart"] == "no"

    def test_has_no_default_for_any_secret(self):
        text = (ROOT / "docker-compose.yml").read_text()
        uses = re.findall(r"\$\{([A-Z_]+)([^}]*)\}", text)

        secrets = {name: rest for name, rest in uses if re.search("PASSWORD|SECRET|PEPPER", name)}
        assert set(secrets) == {"POSTGRES_PASSWORD", "REDIS_PASSWORD", "FIEL_SECRET_KEY", "FIEL_KEY_PEPPER"}
        assert all(rest.startswith(":?") for rest in secrets.values())

    def test_example_names_every_value_that_must_be_given(self):
        required = set(re.findall(r"\$\{([A-Z_]+):\?", (ROOT / "docker-compose.yml").read_text()))
        example = dict(re.findall(r"^([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE))

        assert required <= set(example)
        assert all(example[name] == "" for name in required)

    def test_waits_for_the_schema_before_serving(self):
        for name in OURS[1:]:
            assert SERVICES[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}

    def test_every_queue_that_tasks_are_routed_to_has_its_workers(self):
        routed = {route["queue"] for route in app.conf.task_routes.values()}
        commands = [service.get("command", []) for service in SERVICES.values()]

        assert {command[command.index("-Q") + 1] for command in commands if "-Q" in command} == routed


class TestImage:
    def test_copies_every_package_of_the_product(self):
        kept = set(re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE))
        packages = {path.parent.name for path in ROOT.glob("*/apps.py")}

        assert packages | {"manage.py", "templates", "static", "locale", "requirements"} <= kept

    def test_runs_as_an_ordinary_user_from_locked_packages(self):
        lines = (ROOT / "Dockerfile").read_text()

        assert "\nUSER fiel\n" in lines
        assert "--require-hashes --only-binary :all: -r /tmp/base.txt" in lines


class TestLocks:
    @pytest.mark.parametrize(
        "path", sorted((ROOT / "requirements").glob("*.txt")), ids=lambda path: path.name
    )
    def test_pin_each_package_once_by_hash_and_name_no_registry(self, path):
        text = path.read_text()
        names = re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==", text, re.MULTILINE)

        assert len(names) == len(set(names)) > 0
        assert text.count("--hash=sha256:") >= len(names)
        assert "://" not in text
        assert not re.search(r"^\s*--(extra-)?index|^\s*--find-links", text, re.MULTILINE)


class TestOperationsPage:
    def test_lists_exactly_the_variables_that_exist(self):
        page = (ROOT / "docs" / "operations.md").read_text()
        listed = set(re.findall(r"^\| `([A-Z_]+)`", page, re.MULTILINE))

        read_elsewhere = {
            "FIEL_LOCAL",
            "FIEL_POSTGRES_BIN",
            "PORT",
            "HOST",
            "GRANIAN_WORKERS",
            "FIEL_CHROMIUM",
        }
        assert listed == settings_names() | read_elsewhere | {"ANYMAIL_"}
