"""Which addresses are called: the list of ways to reach what is not meant to be reached, and names that change."""

import socket
import ssl
import threading
import time

import pytest

from messaging.webhooks import client
from messaging.webhooks.addresses import AddressRefused, Target, may_be_called, parse_url
from messaging.webhooks.client import CallFailed, post, resolve_name
from tests.messaging.receiver import answering, hanging_up, stuttering

NOT_PUBLIC = [
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",  # noqa: S104
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "169.254.169.254",
    "169.254.0.1",
    "100.64.0.1",
    "100.127.255.255",
    "192.0.0.1",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:93.184.215.14",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
]
PUBLIC = ["93.184.215.14", "1.1.1.1", "2606:4700:4700::1111", "64:ff9b::5db8:d70e"]


class TestThisMachine:
    @pytest.mark.parametrize(
        ("values", "allowed"),
        [
            ({"DEMO": True}, True),
            ({"DEBUG": True}, True),
            ({}, False),
            # A demonstration for everybody: whoever signs in would reach every port of the server.
            ({"DEMO": True, "PRODUCTION": True}, False),
        ],
        ids=["demonstration", "development", "server", "public demonstration"],
    )
    def test_is_called_only_where_no_stranger_signs_in(self, settings, values, allowed):
        settings.DEMO = settings.DEBUG = settings.PRODUCTION = False
        for name, value in values.items():
            setattr(settings, name, value)

        assert may_be_called("127.0.0.1") is allowed


class TestResolvedAddress:
    @pytest.mark.parametrize("address", NOT_PUBLIC)
    def test_that_is_not_public_is_never_called(self, address):
        assert not may_be_called(address)

    @pytest.mark.parametrize("address", PUBLIC)
    def test_that_is_public_may_be_called(self, address):
        assert may_be_called(address)

    @pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
    def test_of_this_machine_may_be_called_while_developing(self, settings, address):
        settings.DEBUG = True

        assert may_be_called(address)

    @pytest.mark.parametrize("address", ["10.0.0.1", "169.254.169.254", "::ffff:127.0.0.1"])
    def test_of_other_machines_may_not_even_while_developing(self, settings, address):
        settings.DEBUG = settings.DEMO = True

        assert not may_be_called(address)


class TestText:
    @pytest.mark.parametrize(
        ("url", "code"),
        [
            ("", "url"),
            ("example.com/fiel", "scheme"),
            ("http://example.com/", "scheme"),
            ("ftp://example.com/", "scheme"),
            ("file:///etc/passwd", "scheme"),
            ("gopher://example.com/", "scheme"),
            ("https://", "url"),
            ("https:///fiel", "url"),
            ("https://user:secret@example.com/", "credentials"),
            ("https://example.com@169.254.169.254/", "credentials"),
            ("https://example.com/#part", "url"),
            ("https://exa mple.com/", "url"),
            ("https://example.com/\r\nX-Injected: 1", "url"),
            ("https://example.com\\@127.0.0.1/", "url"),
            ("https://exämple.com/", "url"),
            ("https://example.com:99999/", "url"),
            ("https://[::1/", "url"),
            ("https://-example.com/", "host"),
            ("https://example..com/", "host"),
            ("https://ex%61mple.com/", "host"),
            ("https://example.com:22/", "port"),
            ("https://example.com:8443/", "port"),
            ("https://example.com:0/", "port"),
            ("https://localhost/", "not_public"),
            ("https://LOCALHOST./", "not_public"),
            ("https://127.0.0.1/", "not_public"),
            ("https://127.1/", "not_public"),
            ("https://0x7f.1/", "not_public"),
            ("https://0x7f000001/", "not_public"),
            ("https://2130706433/", "not_public"),
            ("https://017700000001/", "not_public"),
            ("https://0177.0.0.1/", "not_public"),
            ("https://0/", "not_public"),
            ("https://[::]/", "not_public"),
            ("https://[::1]/", "not_public"),
            ("https://[::ffff:127.0.0.1]/", "not_public"),
            ("https://[::ffff:7f00:1]/", "not_public"),
            ("https://[fe80::1%25eth0]/", "not_public"),
            ("https://169.254.169.254/latest/meta-data/", "not_public"),
            ("https://192.168.1.1/", "not_public"),
            ("https://" + "a" * 600 + ".com/", "url"),
        ],
    )
    def test_that_leads_nowhere_good_is_refused_when_it_is_saved(self, url, code):
        with pytest.raises(AddressRefused) as refused:
            parse_url(url)

        assert refused.value.code == code

    def test_of_a_server_is_taken_apart(self):
        assert parse_url("https://erp.example.com./fiel?a=1&b") == Target(
            is_tls=True, host="erp.example.com", port=443, path="/fiel?a=1&b"
        )
        assert parse_url("https://93.184.215.14").path == "/"

    def test_may_name_a_port_that_the_operator_allows(self, settings):
        settings.WEBHOOK_PORTS = {443, 8443}

        assert parse_url("https://example.com:8443/").port == 8443
        with pytest.raises(AddressRefused):
            parse_url("https://example.com:8444/")

    def test_may_be_http_to_this_machine_while_developing(self, settings):
        settings.DEMO = True

        assert parse_url("http://127.0.0.1:9999/x") == Target(
            is_tls=False, host="127.0.0.1", port=9999, path="/x"
        )
        assert parse_url("http://localhost:80/").authority == "localhost"
        assert parse_url("https://[::1]:444/").authority == "[::1]:444"
        with pytest.raises(AddressRefused):
            parse_url("http://example.com/")


class Network:
    """Stands in for names and connections: what was asked, and where it was connected to."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked = 0
        self.connected: list[tuple[str, int]] = []

    def resolve(self, host: str, port: int) -> list[str]:
        self.asked += 1
        return self.answers[min(self.asked, len(self.answers)) - 1]

    def connect(self, address, timeout):
        self.connected.append(address)
        raise ConnectionRefusedError("nobody is there")


@pytest.fixture
def call(monkeypatch):
    """Call a name that resolves to the given addresses, one list for each time it is asked; return the network."""

    def make(*answers: list[str], code: str, url: str = "https://erp.example.com/fiel") -> Network:
        network = Network(*answers)
        monkeypatch.setattr(socket, "create_connection", network.connect)
        with pytest.raises(CallFailed) as failed:
            post(parse_url(url), b"{}", {}, resolve=network.resolve)
        assert failed.value.code == code
        return network

    return make


class TestName:
    @pytest.mark.parametrize("address", NOT_PUBLIC)
    def test_that_means_an_inner_address_is_not_connected_to(self, call, address):
        assert call([address], code="address_refused").connected == []

    def test_that_means_a_public_and_an_inner_address_is_not_connected_to(self, call):
        assert call(["93.184.215.14", "10.0.0.1"], code="address_refused").connected == []
        assert call([], code="address_refused").connected == []

    def test_that_changes_its_meaning_is_asked_once_and_connected_to_what_was_checked(self, call):
        # DNS rebinding: public when it is looked at, this machine when it is used.
        network = call(["93.184.215.14"], ["127.0.0.1"], code="no_connection")

        assert network.asked == 1
        assert network.connected == [("93.184.215.14", 443)]

    def test_that_has_several_addresses_tries_them_in_order(self, call):
        network = call(["93.184.215.14", "1.1.1.1"], code="no_connection")

        assert network.connected == [("93.184.215.14", 443), ("1.1.1.1", 443)]

    @pytest.mark.parametrize("host", ["127.1", "0x7f.1", "2130706433", "0177.0.0.1", "localhost"])
    def test_is_resolved_by_the_system_whatever_its_spelling(self, host):
        # Addresses that were saved before a rule was made are still stopped at the call.
        addresses = resolve_name(host, 443)

        assert addresses
        assert not any(may_be_called(address) for address in addresses)

    def test_that_nobody_knows_is_no_address(self):
        with pytest.raises(CallFailed) as failed:
            resolve_name("name.invalid", 443)

        assert failed.value.code == "name_unknown"


class TestCall:
    def test_brings_back_status_headers_and_body(self, receiver):
        receiver.next_answers = [answering(201, b"taken", x_seen="yes")]

        found = post(parse_url(receiver.url), b'{"a":1}', {"Content-Type": "application/json"})

        assert (found.status, found.body, found.headers["x-seen"]) == (201, b"taken", "yes")
        [received] = receiver.calls
        assert (received.path, received.body) == ("/fiel", b'{"a":1}')
        assert received.headers["host"] == receiver.url.split("/")[2]
        assert received.headers["accept-encoding"] == "identity"

    def test_reads_the_answer_of_a_server_that_hangs_up_after_it(self, receiver):
        receiver.next_answers = [answering(200, b"bye", connection="close")]

        assert post(parse_url(receiver.url), b"{}", {}).body == b"bye"

    def test_does_not_follow_a_redirection(self, receiver):
        receiver.next_answers = [answering(302, location="http://169.254.169.254/latest/meta-data/")]

        assert post(parse_url(receiver.url), b"{}", {}).status == 302
        assert len(receiver.calls) == 1

    def test_ignores_the_proxies_of_the_environment(self, receiver, monkeypatch):
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
        monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")

        assert post(parse_url(receiver.url), b"{}", {}).status == 200

    @pytest.mark.parametrize("manner", ["hang", "drip"])
    def test_ends_in_time_however_slow_the_answer_is(self, receiver, manner):
        receiver.next_answers = [getattr(receiver, manner)]

        with pytest.raises(CallFailed) as failed:
            post(parse_url(receiver.url), b"{}", {}, timeout=0.4)

        assert failed.value.code == "timeout"

    def test_reads_no_more_than_64_kilobytes(self, receiver):
        receiver.next_answers = [answering(200, b"x" * 200_000)]

        assert len(post(parse_url(receiver.url), b"{}", {}).body) == 64 * 1024

    @pytest.mark.parametrize("manner", [hanging_up, stuttering])
    def test_that_breaks_is_no_answer(self, receiver, manner):
        receiver.next_answers = [manner]

        with pytest.raises(CallFailed) as failed:
            post(parse_url(receiver.url), b"{}", {})

        assert failed.value.code == "broken"

    def test_to_where_nobody_listens_is_no_connection(self, receiver, settings):
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            port = unused.getsockname()[1]

            with pytest.raises(CallFailed) as failed:
                post(parse_url(f"http://127.0.0.1:{port}/"), b"{}", {})

        assert failed.value.code == "no_connection"

    def test_checks_certificate_and_name(self, receiver):
        # The receiver speaks no TLS, so the handshake fails before anything is sent.
        with pytest.raises(CallFailed) as failed:
            post(parse_url(receiver.url.replace("http://", "https://")), b"{}", {})

        assert failed.value.code == "tls"
        assert receiver.calls == []
        context = client.tls_context()
        assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)

    def test_names_the_server_in_the_handshake_though_it_connects_to_an_address(self, monkeypatch):
        asked = {}

        class Context:
            def wrap_socket(self, plain, server_hostname):
                asked["name"] = server_hostname
                raise ssl.SSLError("enough")

        class Plain:
            def settimeout(self, seconds):
                asked["seconds"] = seconds

            def close(self):
                asked["closed"] = True

        monkeypatch.setattr(socket, "create_connection", lambda address, timeout: Plain())
        monkeypatch.setattr(client, "tls_context", Context)
        with pytest.raises(CallFailed):
            post(parse_url("https://erp.example.com/"), b"{}", {}, resolve=lambda *_name: ["1.1.1.1"])

        assert asked["name"] == "erp.example.com"
        assert asked["closed"]
        assert 0 < asked["seconds"] <= 5


def test_a_name_that_nobody_answers_for_takes_no_longer_than_the_call():
    answered = threading.Event()

    def resolve(_host, _port):
        answered.wait(30)
        return ["1.1.1.1"]

    began = time.monotonic()
    with pytest.raises(CallFailed) as failure:
        post(parse_url("https://erp.example.com/"), b"{}", {}, timeout=0.2, resolve=resolve)
    answered.set()

    assert failure.value.code == "timeout"
    assert time.monotonic() - began < 10
