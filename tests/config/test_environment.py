"""What the environment may say, and what it is told when it says something else."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.environment import Environment, parse_database_url, parse_email_url, parse_redis_url


class TestParseDatabaseUrl:
    def test_reads_a_server_address(self):
        settings = parse_database_url("postgresql://ana:p%40ss@db.example:6432/fiel?sslmode=require")

        assert settings["HOST"] == "db.example"
        assert settings["PORT"] == "6432"
        assert settings["USER"] == "ana"
        assert settings["PASSWORD"] == "p@ss"
        assert settings["NAME"] == "fiel"
        assert settings["OPTIONS"] == {"sslmode": "require", "connect_timeout": "5"}

    def test_reads_a_socket_folder(self):
        settings = parse_database_url("postgresql://fiel@/fiel?host=/srv/run")

        assert (settings["HOST"], settings["PORT"]) == ("/srv/run", "")

    @pytest.mark.parametrize("url", ["sqlite:///db.sqlite3", "mysql://a@b/c", "postgresql://host", ""])
    def test_refuses_what_is_no_postgresql_database(self, url):
        with pytest.raises(ImproperlyConfigured, match="DATABASE_URL"):
            parse_database_url(url)


class TestParseRedisUrl:
    @pytest.mark.parametrize(
        ("url", "broker", "cache"),
        [
            ("redis://r:6379/0", "redis://r:6379/0", "redis://r:6379/1"),
            ("redis://:secret@r", "redis://:secret@r/0", "redis://:secret@r/1"),
            (
                "rediss://r/4?ssl_cert_reqs=none",
                "rediss://r/4?ssl_cert_reqs=none",
                "rediss://r/5?ssl_cert_reqs=none",
            ),
            (
                "unix:///run/r.sock?db=2",
                "redis+socket:///run/r.sock?virtual_host=2",
                "unix:///run/r.sock?db=3",
            ),
        ],
    )
    def test_gives_the_broker_and_the_cache_a_database_each(self, url, broker, cache):
        assert parse_redis_url(url) == (broker, cache)

    @pytest.mark.parametrize("url", ["http://r", "redis://r/one", "unix:///s?db=x"])
    def test_refuses_other_addresses(self, url):
        with pytest.raises(ImproperlyConfigured, match="REDIS_URL"):
            parse_redis_url(url)


class TestParseEmailUrl:
    def test_uses_starttls_unless_told_otherwise(self):
        settings = parse_email_url("smtp://ana:p%40ss@mail.example")

        assert settings["EMAIL_PORT"] == 587
        assert settings["EMAIL_HOST_PASSWORD"] == "p@ss"
        assert (settings["EMAIL_USE_TLS"], settings["EMAIL_USE_SSL"]) == (True, False)

    def test_knows_implicit_tls(self):
        settings = parse_email_url("smtps://mail.example")

        assert (settings["EMAIL_PORT"], settings["EMAIL_USE_TLS"], settings["EMAIL_USE_SSL"]) == (
            465,
            False,
            True,
        )

    def test_names_a_provider_of_anymail(self):
        assert (
            parse_email_url("anymail:postmark")["EMAIL_BACKEND"] == "anymail.backends.postmark.EmailBackend"
        )

    @pytest.mark.parametrize("url", ["pop3://mail.example", "smtp://", "anymail:../x", "mail.example"])
    def test_refuses_other_addresses(self, url):
        with pytest.raises(ImproperlyConfigured, match="EMAIL_URL"):
            parse_email_url(url)


class TestEnvironment:
    @pytest.mark.parametrize(
        ("value", "flag"), [("1", True), ("true", True), ("0", False), ("", False), ("no", False)]
    )
    def test_reads_flags(self, value, flag):
        assert Environment({"A": value}).flag("A") is flag

    def test_names_the_variable_that_is_wrong(self):
        environment = Environment({"A": "maybe", "B": "-1", "C": "blue"})

        with pytest.raises(ImproperlyConfigured, match="A must be 1 or 0"):
            environment.flag("A")
        with pytest.raises(ImproperlyConfigured, match="B must be a whole number"):
            environment.number("B", 0)
        with pytest.raises(ImproperlyConfigured, match="C must be one of red, green"):
            environment.choice("C", "red", ("red", "green"))
