"""E-mail, through whatever Django's e-mail settings name; anymail's providers report deliveries back."""

import smtplib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.utils import formataddr, make_msgid, parseaddr
from typing import Any
from urllib.parse import urlsplit

import requests
from anymail.exceptions import AnymailAPIError, AnymailRecipientsRefused
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection

from messaging.channels.base import DeliveryFailed, DeliveryInDoubt, Outgoing, Receipt, Send
from messaging.channels.connections import never_connected
from messaging.local.switch import EMAIL_BACKEND as IMITATION
from messaging.local.switch import is_imitated
from messaging.models import SuppressionReason
from messaging.rendering import single_line

_OK = 250


class EmailChannel:
    def is_available(self) -> bool:
        if settings.EMAIL_BACKEND == IMITATION and not is_imitated():
            return False
        # A development machine's console shows e-mails; on a server nobody would get them.
        return not (settings.PRODUCTION and settings.EMAIL_BACKEND.endswith("console.EmailBackend"))

    @contextmanager
    def session(self) -> Iterator[Send]:
        session = _Session()
        try:
            yield session.send
        finally:
            session.close()


class _Session:
    """One connection for the e-mails of a batch: opened with the first, opened again after an error or when the server left."""

    def __init__(self) -> None:
        self._connection: Any = None

    def send(self, outgoing: Outgoing) -> Receipt:
        message = _build(outgoing)
        message.connection = connection = self._opened()
        try:
            message.send()
        except Exception as error:
            # Nobody knows what the server still expects to hear.
            self.close()
            raise _translate(error) from error
        status = getattr(message, "anymail_status", None)
        name = getattr(connection, "esp_name", "SMTP")
        provider_id = (status.message_id if status else "") or message.extra_headers["Message-ID"]
        return Receipt(provider=name.lower()[:20], provider_id=str(provider_id))

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            # It was for good manners: what the server has accepted stays accepted.
            with suppress(OSError):
                connection.close()

    def _opened(self) -> Any:
        if self._connection is not None and _is_gone(self._connection):
            self.close()
        if self._connection is None:
            connection = get_connection(fail_silently=False)
            try:
                connection.open()
            except OSError as error:
                raise _unopened(error) from error
            self._connection = connection
        return self._connection


def _is_gone(connection: Any) -> bool:
    """Whether an SMTP server has closed a connection that was used before. Other ways of sending find that out by themselves.

    A server that hangs up between two messages would leave the second one in doubt, though it never heard of it.
    """
    server = getattr(connection, "connection", None)
    if not isinstance(server, smtplib.SMTP):
        return False
    try:
        status, _answer = server.noop()
    except OSError:
        return True
    return status != _OK


def _unopened(error: OSError) -> DeliveryFailed:
    """Say why there is no connection: nothing was handed over, whatever it was."""
    if isinstance(error, smtplib.SMTPResponseException):
        # A wrong password, or a server that is too busy: somebody repairs it, the message waits.
        return DeliveryFailed(str(error.smtp_code), str(error.smtp_error), permanent=False)
    return DeliveryFailed("connection", str(error), permanent=False)


def _build(outgoing: Outgoing) -> EmailMultiAlternatives:
    headers = {"Message-ID": make_msgid(idstring=outgoing.uuid.hex, domain=_domain())}
    if outgoing.unsubscribe_url:
        # RFC 8058: mail programs offer one click, which is a POST; opening the link changes nothing.
        headers["List-Unsubscribe"] = f"<{outgoing.unsubscribe_url}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message = EmailMultiAlternatives(
        outgoing.subject, outgoing.text, _sender(outgoing), [outgoing.to], headers=headers
    )
    if outgoing.html:
        message.attach_alternative(outgoing.html, "text/html")
    # Anymail's way to let our id travel with the message; other backends ignore it.
    message.metadata = {"message": str(outgoing.uuid)}  # type: ignore[attr-defined]
    return message


def _sender(outgoing: Outgoing) -> str:
    """Return the message's own address, else the installation's, under the company's name."""
    name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    return formataddr((single_line(outgoing.sender) or name, outgoing.sender_address or address))


def _domain() -> str:
    return urlsplit(settings.PUBLIC_URL).hostname or "localhost"


def _translate(error: Exception) -> DeliveryFailed | DeliveryInDoubt:
    """Decide what an exception of the sending call means. What is not surely a no is in doubt."""
    if isinstance(error, AnymailRecipientsRefused | smtplib.SMTPRecipientsRefused):
        return _refused_recipient(error)
    if isinstance(error, AnymailAPIError):
        return _translate_api(error)
    if isinstance(error, smtplib.SMTPResponseException):
        permanent = 500 <= error.smtp_code < 600 and not isinstance(error, smtplib.SMTPAuthenticationError)
        return DeliveryFailed(str(error.smtp_code), str(error.smtp_error), permanent=permanent)
    if isinstance(error, smtplib.SMTPNotSupportedError | smtplib.SMTPConnectError | smtplib.SMTPHeloError):
        return DeliveryFailed("smtp", str(error), permanent=False)
    return DeliveryInDoubt(type(error).__name__, str(error))


def _refused_recipient(error: Exception) -> DeliveryFailed:
    codes = (
        [code for code, _text in getattr(error, "recipients", {}).values()]
        if isinstance(error, smtplib.SMTPRecipientsRefused)
        else [550]
    )
    permanent = all(500 <= code < 600 for code in codes)
    return DeliveryFailed(
        str(codes[0]) if codes else "refused",
        str(error),
        permanent=permanent,
        suppress=SuppressionReason.BOUNCED if permanent else None,
    )


def _translate_api(error: AnymailAPIError) -> DeliveryFailed | DeliveryInDoubt:
    status = error.status_code
    if status is not None and 400 <= status < 500:
        # 401, 403 and 429 are about our account: somebody repairs it, the message waits.
        return DeliveryFailed(str(status), str(error), permanent=status not in (401, 403, 408, 429))
    if isinstance(error.__cause__, requests.RequestException) and never_connected(error.__cause__):
        return DeliveryFailed("connection", str(error.__cause__), permanent=False)
    return DeliveryInDoubt(str(status or "no_answer"), str(error))
