"""Who may do what: one row for each method of each address of the API.

A new address without a row fails here, and so does a row whose address is gone. The columns are the answers to nobody, to a
terminal, to a person without permissions, and to the superuser; a status of 4xx other than 401 and 403 means "let in".
"""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern
from django.utils import timezone

from pos_api.services.credentials import issue_user_token
from pos_api.urls import v1
from tests.builders import build_user
from tests.pos_api.till import Till

IN, OUT = True, False

# method, address: terminal, person without permissions, superuser
TABLE: dict[tuple[str, str], tuple[bool, bool, bool]] = {
    ("POST", "baskets/evaluate/"): (IN, OUT, OUT),
    ("GET", "sales/"): (IN, OUT, IN),
    ("POST", "sales/"): (IN, OUT, OUT),
    ("POST", "sales/cancel/"): (IN, OUT, OUT),
    ("POST", "sales/batch/"): (IN, OUT, OUT),
    ("GET", "sale-exceptions/"): (OUT, OUT, IN),
    ("POST", "sale-exceptions/<int:pk>/settle/"): (OUT, OUT, IN),
    ("GET", "sales/<str:sale>/"): (IN, OUT, IN),
    ("POST", "sales/<str:sale>/cancel/"): (IN, OUT, OUT),
    ("POST", "sales/<str:sale>/returns/"): (IN, OUT, OUT),
    ("POST", "sales/<str:sale>/returns/quote/"): (IN, OUT, OUT),
    ("POST", "sales/<str:sale>/receipt/"): (IN, OUT, OUT),
    ("GET", "stored-value-types/sold/"): (IN, OUT, OUT),
    ("POST", "reservations/"): (IN, OUT, OUT),
    ("GET", "reservations/<str:reservation>/"): (IN, OUT, OUT),
    ("DELETE", "reservations/<str:reservation>/"): (IN, OUT, OUT),
    ("POST", "stored-values/"): (IN, OUT, OUT),
    ("GET", "stored-values/<str:code>/"): (IN, OUT, OUT),
    ("POST", "stored-values/<str:code>/load/"): (IN, OUT, OUT),
    ("POST", "stored-values/<str:code>/take-back/"): (IN, OUT, OUT),
    ("GET", "terminal/"): (IN, OUT, OUT),
    ("POST", "simulations/"): (OUT, OUT, IN),
    ("GET", "products/"): (IN, OUT, IN),
    ("POST", "products/"): (OUT, OUT, IN),
    ("GET", "products/lookup/"): (IN, OUT, IN),
    ("GET", "products/prices/"): (OUT, OUT, IN),
    ("POST", "products/prices/"): (OUT, OUT, IN),
    ("GET", "products/<path:sku>/"): (OUT, OUT, IN),
    ("PUT", "products/<path:sku>/"): (OUT, OUT, IN),
    ("PATCH", "products/<path:sku>/"): (OUT, OUT, IN),
    ("DELETE", "products/<path:sku>/"): (OUT, OUT, IN),
    ("GET", "categories/"): (OUT, OUT, IN),
    ("POST", "categories/"): (OUT, OUT, IN),
    ("GET", "categories/<str:code>/"): (OUT, OUT, IN),
    ("PUT", "categories/<str:code>/"): (OUT, OUT, IN),
    ("PATCH", "categories/<str:code>/"): (OUT, OUT, IN),
    ("DELETE", "categories/<str:code>/"): (OUT, OUT, IN),
    ("GET", "stores/"): (OUT, OUT, IN),
    ("POST", "stores/"): (OUT, OUT, IN),
    ("GET", "stores/<str:code>/"): (OUT, OUT, IN),
    ("PUT", "stores/<str:code>/"): (OUT, OUT, IN),
    ("PATCH", "stores/<str:code>/"): (OUT, OUT, IN),
    ("DELETE", "stores/<str:code>/"): (OUT, OUT, IN),
    ("GET", "terminals/"): (OUT, OUT, IN),
    ("POST", "terminals/"): (OUT, OUT, IN),
    ("GET", "terminals/<int:pk>/"): (OUT, OUT, IN),
    ("PATCH", "terminals/<int:pk>/"): (OUT, OUT, IN),
    ("DELETE", "terminals/<int:pk>/"): (OUT, OUT, IN),
    ("GET", "terminals/<int:pk>/keys/"): (OUT, OUT, IN),
    ("POST", "terminals/<int:pk>/keys/"): (OUT, OUT, IN),
    ("GET", "terminals/<int:pk>/keys/<str:key_id>/"): (OUT, OUT, IN),
    ("DELETE", "terminals/<int:pk>/keys/<str:key_id>/"): (OUT, OUT, IN),
    ("POST", "terminals/<int:pk>/keys/<str:key_id>/rotate/"): (OUT, OUT, IN),
    ("GET", "issuing-rules/"): (OUT, OUT, IN),
    ("POST", "issuing-rules/"): (OUT, OUT, IN),
    ("GET", "issuing-rules/<str:code>/"): (OUT, OUT, IN),
    ("PUT", "issuing-rules/<str:code>/"): (OUT, OUT, IN),
    ("GET", "issuing-runs/"): (OUT, OUT, IN),
    ("POST", "issuing-runs/"): (OUT, OUT, IN),
    ("GET", "issuing-runs/<int:pk>/"): (OUT, OUT, IN),
    ("PUT", "issuing-runs/<int:pk>/"): (OUT, OUT, IN),
    ("POST", "issuing-runs/<int:pk>/preview/"): (OUT, OUT, IN),
    ("POST", "issuing-runs/<int:pk>/confirm/"): (OUT, OUT, IN),
    ("POST", "issuing-runs/<int:pk>/cancel/"): (OUT, OUT, IN),
    ("GET", "issuing-runs/<int:pk>/grants/"): (OUT, OUT, IN),
    ("GET", "programs/"): (OUT, OUT, IN),
    ("POST", "programs/"): (OUT, OUT, IN),
    ("GET", "programs/<str:code>/"): (OUT, OUT, IN),
    ("PUT", "programs/<str:code>/"): (OUT, OUT, IN),
    ("PATCH", "programs/<str:code>/"): (OUT, OUT, IN),
    ("DELETE", "programs/<str:code>/"): (OUT, OUT, IN),
    ("GET", "stamp-plans/"): (OUT, OUT, IN),
    ("POST", "stamp-plans/"): (OUT, OUT, IN),
    ("GET", "stamp-plans/<str:code>/"): (OUT, OUT, IN),
    ("PUT", "stamp-plans/<str:code>/"): (OUT, OUT, IN),
    ("PATCH", "stamp-plans/<str:code>/"): (OUT, OUT, IN),
    ("DELETE", "stamp-plans/<str:code>/"): (OUT, OUT, IN),
    ("GET", "vip-cards/"): (OUT, OUT, IN),
    ("GET", "company/message-look/"): (OUT, OUT, IN),
    ("PUT", "company/message-look/"): (OUT, OUT, IN),
    ("GET", "mailings/"): (OUT, OUT, IN),
    ("POST", "mailings/"): (OUT, OUT, IN),
    ("GET", "mailings/<int:pk>/"): (OUT, OUT, IN),
    ("PUT", "mailings/<int:pk>/"): (OUT, OUT, IN),
    ("DELETE", "mailings/<int:pk>/"): (OUT, OUT, IN),
    ("GET", "mailings/<int:pk>/count/"): (OUT, OUT, IN),
    ("GET", "mailings/<int:pk>/results/"): (OUT, OUT, IN),
    ("POST", "mailings/<int:pk>/confirm/"): (OUT, OUT, IN),
    ("POST", "mailings/<int:pk>/approve/"): (OUT, OUT, IN),
    ("POST", "mailings/<int:pk>/return/"): (OUT, OUT, IN),
    ("POST", "mailings/<int:pk>/pause/"): (OUT, OUT, IN),
    ("POST", "mailings/<int:pk>/resume/"): (OUT, OUT, IN),
    ("POST", "mailings/<int:pk>/cancel/"): (OUT, OUT, IN),
    ("GET", "templates/"): (OUT, OUT, IN),
    ("POST", "templates/"): (OUT, OUT, IN),
    ("GET", "templates/<int:pk>/"): (OUT, OUT, IN),
    ("PATCH", "templates/<int:pk>/"): (OUT, OUT, IN),
    ("GET", "templates/<int:pk>/versions/"): (OUT, OUT, IN),
    ("POST", "templates/<int:pk>/preview/"): (OUT, OUT, IN),
    ("GET", "templates/<int:pk>/usable/"): (OUT, OUT, IN),
    ("POST", "templates/<int:pk>/duplicate/"): (OUT, OUT, IN),
    ("POST", "templates/<int:pk>/restore/"): (OUT, OUT, IN),
    ("POST", "templates/<int:pk>/archive/"): (OUT, OUT, IN),
    ("POST", "templates/<int:pk>/use/"): (OUT, OUT, IN),
    ("POST", "templates/<int:pk>/submit/"): (OUT, OUT, IN),
    ("POST", "templates/<int:pk>/refresh/"): (OUT, OUT, IN),
    ("POST", "templates/<int:pk>/allow-several/"): (OUT, OUT, IN),
    ("POST", "vip-cards/"): (OUT, OUT, IN),
    ("GET", "vip-cards/check/"): (IN, OUT, OUT),
    ("GET", "vip-cards/<int:pk>/"): (OUT, OUT, IN),
    ("PATCH", "vip-cards/<int:pk>/"): (OUT, OUT, IN),
    ("GET", "stored-value-types/"): (OUT, OUT, IN),
    ("POST", "stored-value-types/"): (OUT, OUT, IN),
    ("GET", "stored-value-types/<str:code>/"): (OUT, OUT, IN),
    ("PUT", "stored-value-types/<str:code>/"): (OUT, OUT, IN),
    ("PATCH", "stored-value-types/<str:code>/"): (OUT, OUT, IN),
    ("DELETE", "stored-value-types/<str:code>/"): (OUT, OUT, IN),
    ("GET", "adjustment-requests/"): (OUT, OUT, IN),
    ("POST", "adjustment-requests/<int:pk>/approve/"): (OUT, OUT, IN),
    ("POST", "adjustment-requests/<int:pk>/refuse/"): (OUT, OUT, IN),
    ("GET", "stored-value-records/"): (OUT, OUT, IN),
    ("POST", "stored-value-records/"): (OUT, OUT, IN),
    ("GET", "stored-value-records/<int:pk>/"): (OUT, OUT, IN),
    ("POST", "stored-value-records/<int:pk>/block/"): (OUT, OUT, IN),
    ("POST", "stored-value-records/<int:pk>/unblock/"): (OUT, OUT, IN),
    ("POST", "stored-value-records/<int:pk>/void/"): (OUT, OUT, IN),
    ("POST", "stored-value-records/<int:pk>/replace/"): (OUT, OUT, IN),
    ("POST", "stored-value-records/<int:pk>/assign/"): (OUT, OUT, IN),
    ("POST", "stored-value-records/<int:pk>/adjust/"): (OUT, OUT, IN),
    ("GET", "groupings/"): (OUT, OUT, IN),
    ("POST", "groupings/"): (OUT, OUT, IN),
    ("GET", "groupings/<str:name>/<str:code>/"): (OUT, OUT, IN),
    ("PUT", "groupings/<str:name>/<str:code>/"): (OUT, OUT, IN),
    ("PATCH", "groupings/<str:name>/<str:code>/"): (OUT, OUT, IN),
    ("DELETE", "groupings/<str:name>/<str:code>/"): (OUT, OUT, IN),
    ("GET", "groupings/<str:name>/<str:code>/members/"): (OUT, OUT, IN),
    ("POST", "groupings/<str:name>/<str:code>/members/"): (OUT, OUT, IN),
    ("GET", "customers/"): (OUT, OUT, IN),
    ("POST", "customers/"): (IN, OUT, IN),
    ("GET", "customers/lookup/"): (IN, OUT, OUT),
    ("GET", "customers/<int:pk>/"): (OUT, OUT, IN),
    ("PUT", "customers/<int:pk>/"): (OUT, OUT, IN),
    ("PATCH", "customers/<int:pk>/"): (IN, OUT, IN),
    ("DELETE", "customers/<int:pk>/"): (OUT, OUT, IN),
    ("POST", "customers/<int:pk>/merge/"): (OUT, OUT, IN),
    ("POST", "customers/<int:pk>/merge/preview/"): (OUT, OUT, IN),
    ("GET", "segments/"): (OUT, OUT, IN),
    ("POST", "segments/"): (OUT, OUT, IN),
    ("GET", "segments/fields/"): (OUT, OUT, IN),
    ("POST", "segments/count/"): (OUT, OUT, IN),
    ("GET", "segments/<str:code>/"): (OUT, OUT, IN),
    ("PATCH", "segments/<str:code>/"): (OUT, OUT, IN),
    ("DELETE", "segments/<str:code>/"): (OUT, OUT, IN),
    ("POST", "segments/<str:code>/count/"): (OUT, OUT, IN),
    ("GET", "segments/<str:code>/customers/"): (OUT, OUT, IN),
    ("POST", "segments/<str:code>/grouping/"): (OUT, OUT, IN),
    ("GET", "segments/<str:code>/exports/"): (OUT, OUT, IN),
    ("POST", "segments/<str:code>/exports/"): (OUT, OUT, IN),
    ("GET", "segment-exports/<int:pk>/file/"): (OUT, OUT, IN),
    ("GET", "customer-merges/"): (OUT, OUT, IN),
    ("POST", "customer-merges/<int:pk>/undo/"): (OUT, OUT, IN),
    ("POST", "customer-merges/<int:pk>/undo/preview/"): (OUT, OUT, IN),
    ("GET", "customers/<int:pk>/accounts/"): (OUT, OUT, IN),
    ("GET", "customers/<int:pk>/entries/"): (OUT, OUT, IN),
    ("POST", "customers/<int:pk>/adjustments/"): (OUT, OUT, IN),
    ("POST", "customers/<int:pk>/debts/<int:debt>/write-off/"): (OUT, OUT, IN),
    ("POST", "customers/<int:pk>/verifications/"): (IN, OUT, OUT),
    ("PUT", "customers/<int:pk>/pin/"): (IN, OUT, IN),
    ("DELETE", "customers/<int:pk>/pin/"): (OUT, OUT, IN),
    ("GET", "customers/<int:pk>/consents/"): (OUT, OUT, IN),
    ("POST", "customers/<int:pk>/consents/"): (IN, OUT, IN),
    ("GET", "customers/<int:pk>/consents/standing/"): (OUT, OUT, IN),
    ("GET", "customers/<int:pk>/consents/proof/"): (OUT, OUT, IN),
    ("GET", "consent-texts/"): (OUT, OUT, IN),
    ("POST", "consent-texts/"): (OUT, OUT, IN),
    ("GET", "appointments/"): (IN, OUT, IN),
    ("POST", "appointments/"): (IN, OUT, IN),
    ("GET", "appointments/<int:pk>/"): (IN, OUT, IN),
    ("PATCH", "appointments/<int:pk>/"): (IN, OUT, IN),
    ("POST", "appointments/<int:pk>/cancel/"): (IN, OUT, IN),
    ("GET", "company/policy/"): (OUT, OUT, IN),
    ("PUT", "company/policy/"): (OUT, OUT, IN),
    ("GET", "company/policy/history/"): (OUT, OUT, IN),
    ("GET", "company/contact-policy/"): (OUT, OUT, IN),
    ("PUT", "company/contact-policy/"): (OUT, OUT, IN),
    ("GET", "automations/"): (OUT, OUT, IN),
    ("GET", "automations/<str:occasion>/"): (OUT, OUT, IN),
    ("PUT", "automations/<str:occasion>/"): (OUT, OUT, IN),
    ("GET", "automations/<str:occasion>/results/"): (OUT, OUT, IN),
    ("POST", "automations/<str:occasion>/remind/"): (OUT, OUT, IN),
    ("GET", "messages/"): (OUT, OUT, IN),
    ("GET", "messages/<uuid:message>/"): (OUT, OUT, IN),
    ("GET", "company/marketing/"): (OUT, OUT, IN),
    ("PUT", "company/marketing/"): (OUT, OUT, IN),
    ("GET", "company/contact-policy/history/"): (OUT, OUT, IN),
    ("GET", "campaigns/"): (OUT, OUT, IN),
    ("POST", "campaigns/"): (OUT, OUT, IN),
    ("POST", "campaigns/check/"): (OUT, OUT, IN),
    ("GET", "campaigns/<str:code>/"): (OUT, OUT, IN),
    ("PUT", "campaigns/<str:code>/"): (OUT, OUT, IN),
    ("DELETE", "campaigns/<str:code>/"): (OUT, OUT, IN),
    ("POST", "campaigns/<str:code>/publish/"): (OUT, OUT, IN),
    ("POST", "campaigns/<str:code>/submit/"): (OUT, OUT, IN),
    ("POST", "campaigns/<str:code>/approve/"): (OUT, OUT, IN),
    ("POST", "campaigns/<str:code>/reject/"): (OUT, OUT, IN),
    ("GET", "campaigns/<str:code>/reviews/"): (OUT, OUT, IN),
    ("POST", "campaigns/<str:code>/pause/"): (OUT, OUT, IN),
    ("POST", "campaigns/<str:code>/resume/"): (OUT, OUT, IN),
    ("GET", "campaigns/<str:code>/revisions/"): (OUT, OUT, IN),
    ("POST", "campaigns/<str:code>/revisions/"): (OUT, OUT, IN),
    ("GET", "campaign-categories/"): (OUT, OUT, IN),
    ("POST", "campaign-categories/"): (OUT, OUT, IN),
    ("GET", "campaign-categories/<str:code>/"): (OUT, OUT, IN),
    ("PUT", "campaign-categories/<str:code>/"): (OUT, OUT, IN),
    ("DELETE", "campaign-categories/<str:code>/"): (OUT, OUT, IN),
    ("GET", "associations/"): (OUT, OUT, IN),
    ("POST", "associations/"): (OUT, OUT, IN),
    ("GET", "associations/<str:code>/"): (OUT, OUT, IN),
    ("PUT", "associations/<str:code>/"): (OUT, OUT, IN),
    ("DELETE", "associations/<str:code>/"): (OUT, OUT, IN),
    ("POST", "associations/<str:code>/publish/"): (OUT, OUT, IN),
    ("POST", "associations/<str:code>/submit/"): (OUT, OUT, IN),
    ("POST", "associations/<str:code>/approve/"): (OUT, OUT, IN),
    ("POST", "associations/<str:code>/reject/"): (OUT, OUT, IN),
    ("GET", "associations/<str:code>/reviews/"): (OUT, OUT, IN),
    ("POST", "associations/<str:code>/pause/"): (OUT, OUT, IN),
    ("POST", "associations/<str:code>/resume/"): (OUT, OUT, IN),
    ("GET", "associations/<str:code>/revisions/"): (OUT, OUT, IN),
    ("POST", "associations/<str:code>/revisions/"): (OUT, OUT, IN),
    ("GET", "markdowns/"): (OUT, OUT, IN),
    ("POST", "markdowns/"): (OUT, OUT, IN),
    ("GET", "markdowns/<str:code>/"): (OUT, OUT, IN),
    ("PUT", "markdowns/<str:code>/"): (OUT, OUT, IN),
    ("DELETE", "markdowns/<str:code>/"): (OUT, OUT, IN),
    ("POST", "markdowns/<str:code>/publish/"): (OUT, OUT, IN),
    ("POST", "markdowns/<str:code>/submit/"): (OUT, OUT, IN),
    ("POST", "markdowns/<str:code>/approve/"): (OUT, OUT, IN),
    ("POST", "markdowns/<str:code>/reject/"): (OUT, OUT, IN),
    ("GET", "markdowns/<str:code>/reviews/"): (OUT, OUT, IN),
    ("POST", "markdowns/<str:code>/pause/"): (OUT, OUT, IN),
    ("POST", "markdowns/<str:code>/resume/"): (OUT, OUT, IN),
    ("GET", "markdowns/<str:code>/revisions/"): (OUT, OUT, IN),
    ("POST", "markdowns/<str:code>/revisions/"): (OUT, OUT, IN),
    ("GET", "markdowns/<str:code>/items/"): (OUT, OUT, IN),
    ("POST", "markdowns/<str:code>/items/"): (OUT, OUT, IN),
    ("GET", "markdowns/<str:code>/export/"): (OUT, OUT, IN),
    ("GET", "promo-code-pools/"): (OUT, OUT, IN),
    ("POST", "promo-code-pools/"): (OUT, OUT, IN),
    ("GET", "promo-code-pools/<str:code>/"): (OUT, OUT, IN),
    ("PUT", "promo-code-pools/<str:code>/"): (OUT, OUT, IN),
    ("DELETE", "promo-code-pools/<str:code>/"): (OUT, OUT, IN),
    ("POST", "promo-code-pools/<str:code>/deactivate/"): (OUT, OUT, IN),
    ("POST", "promo-code-pools/<str:code>/activate/"): (OUT, OUT, IN),
    ("POST", "promo-code-pools/<str:code>/extend/"): (OUT, OUT, IN),
    ("POST", "promo-code-pools/<str:code>/generate/"): (OUT, OUT, IN),
    ("POST", "promo-code-pools/<str:code>/generate-for-members/"): (OUT, OUT, IN),
    ("GET", "promo-code-pools/<str:code>/imports/<int:pk>/refused/"): (OUT, OUT, IN),
    ("POST", "promo-code-pools/<str:code>/import/"): (OUT, OUT, IN),
    ("GET", "promo-code-pools/<str:code>/export/"): (OUT, OUT, IN),
    ("GET", "promo-code-pools/<str:code>/codes/"): (OUT, OUT, IN),
    ("POST", "promo-code-pools/<str:code>/codes/"): (OUT, OUT, IN),
    ("GET", "promo-code-pools/<str:code>/codes/<str:word>/"): (OUT, OUT, IN),
    ("PATCH", "promo-code-pools/<str:code>/codes/<str:word>/"): (OUT, OUT, IN),
    # A person sees the jobs that are his own: none here.
    ("GET", "jobs/"): (OUT, IN, IN),
    ("GET", "jobs/<int:pk>/"): (OUT, IN, IN),
    ("POST", "jobs/<int:pk>/cancel/"): (OUT, IN, IN),
    ("GET", "backtests/"): (OUT, OUT, IN),
    ("POST", "backtests/"): (OUT, OUT, IN),
    ("GET", "backtests/<int:pk>/"): (OUT, OUT, IN),
    ("POST", "backtests/<int:pk>/cancel/"): (OUT, OUT, IN),
    ("POST", "surveys/<str:survey>/answers/"): (IN, OUT, OUT),
    ("PUT", "carts/<str:cart>/"): (IN, OUT, OUT),
    ("DELETE", "carts/<str:cart>/"): (IN, OUT, OUT),
    ("GET", "webhook-endpoints/"): (OUT, OUT, IN),
    ("POST", "webhook-endpoints/"): (OUT, OUT, IN),
    ("GET", "webhook-endpoints/<uuid:endpoint>/"): (OUT, OUT, IN),
    ("PUT", "webhook-endpoints/<uuid:endpoint>/"): (OUT, OUT, IN),
    ("DELETE", "webhook-endpoints/<uuid:endpoint>/"): (OUT, OUT, IN),
    ("POST", "webhook-endpoints/<uuid:endpoint>/secrets/"): (OUT, OUT, IN),
    ("POST", "webhook-endpoints/<uuid:endpoint>/test/"): (OUT, OUT, IN),
    ("POST", "webhook-endpoints/<uuid:endpoint>/replay/"): (OUT, OUT, IN),
    ("GET", "webhook-deliveries/"): (OUT, OUT, IN),
    ("POST", "webhook-deliveries/<int:pk>/replay/"): (OUT, OUT, IN),
}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
EXAMPLES = {"int": "1", "str": "a", "slug": "a", "path": "a", "uuid": "0b5f2f0e-6c1c-4f6a-9f43-0d8f7b1f2a10"}


def declared() -> set[tuple[str, str]]:
    """Return each method of each address that the API answers."""
    found = set()
    for pattern in v1:
        assert isinstance(pattern, URLPattern)
        view = pattern.callback.view_class  # type: ignore[attr-defined]
        for method in METHODS:
            if hasattr(view, method.lower()) and method.lower() in view.http_method_names:
                found.add((method, str(pattern.pattern)))
    return found


# Groupings of three kinds share their addresses; the permission is that of the kind that is asked for.
CONCRETE = {
    # To make one, the body names the kind.
    "GET groupings/": "groupings/?type=product",
    "groupings/<str:name>/<str:code>/": "groupings/product/a/",
    "groupings/<str:name>/<str:code>/members/": "groupings/product/a/members/",
}
BODIES = {"groupings/": b'{"type": "product", "code": "a", "name": "A"}'}


def ask(client: Client, method: str, address: str, **headers: str) -> int:
    found = CONCRETE.get(f"{method} {address}") or CONCRETE.get(address)
    path = found or re.sub(r"<(\w+):\w+>", lambda match: EXAMPLES[match[1]], address)
    body: Any = BODIES.get(address, b"{}") if method != "GET" else b""
    response = client.generic(
        method, f"/api/v1/{path}", body, content_type="application/json", headers=headers
    )
    return response.status_code


def test_every_address_has_a_row_and_every_row_an_address() -> None:
    assert declared() == set(TABLE)


@pytest.mark.parametrize(("method", "address"), list(TABLE), ids=[f"{m} {a}" for m, a in TABLE])
def test_lets_in_whom_the_table_says(method: str, address: str, till: Till, client: Client) -> None:
    terminal_in, plain_in, super_in = TABLE[method, address]
    _token, plain = issue_user_token(user=build_user(), at=timezone.now())
    _token, chief = issue_user_token(user=build_user(is_superuser=True, is_staff=True), at=timezone.now())

    assert ask(client, method, address) == 401
    for let_in, credential in (
        (terminal_in, f"Api-Key {till.credential}"),
        (plain_in, f"Bearer {plain}"),
        (super_in, f"Bearer {chief}"),
    ):
        status = ask(client, method, address, Authorization=credential)
        assert (status not in (401, 403)) is let_in, (credential[:12], status)
        assert status < 500
