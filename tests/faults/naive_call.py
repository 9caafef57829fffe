"""The call of the negative controls of messages: it asks the provider to send, and knows no claim, no key and no doubt."""

import http.client
from urllib.parse import urlencode, urlsplit


def call(provider: str, number: int) -> None:
    """Have the provider send a message to somebody."""
    connection = http.client.HTTPConnection(urlsplit(provider).netloc, timeout=30)
    try:
        fields = urlencode({"StatusCallback": f"http://localhost/{number}/", "To": f"+55{number:09d}"})
        connection.request("POST", "/", fields)
        connection.getresponse().read()
    finally:
        connection.close()
