"""Moments that the database would refuse, or keep so that nobody can read them, are refused at the door."""

from argparse import ArgumentTypeError
from datetime import datetime
from typing import Any

import pytest

from messaging.management.arguments import moment
from retail.moments import can_be_stored
from tests.builders import build_customer
from tests.pos_api.manager import Manager
from tests.pos_api.till import Till, basket

FAR = "2235-11-23T19:06:10.890000+16:51"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-22T10:00:00-03:00", True),
        ("2026-11-22T10:00:00+15:59", True),
        ("2026-11-22T10:00:00+16:00", False),
        ("2026-11-22T10:00:00-23:59", False),
        ("1899-12-31T10:00:00+00:00", False),
        ("9999-12-31T23:59:59-03:00", False),
    ],
)
def test_what_can_be_stored(text: str, expected: bool) -> None:
    assert can_be_stored(datetime.fromisoformat(text)) is expected


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("promo-code-pools/", {"code": "natal", "name": "Natal", "expires_at": FAR}),
        ("campaigns/", {"code": "NATAL", "name": "Natal", "starts_at": FAR}),
        ("customers/{customer}/consents/", {"purpose": "promotions", "granted": True, "given_at": FAR}),
    ],
)
def test_the_api_names_the_field(path: str, body: dict[str, Any]) -> None:
    path = path.format(customer=build_customer().pk)

    answer = Manager.sign_in(is_superuser=True).send("POST", path, body)

    [field] = [name for name, value in body.items() if value == FAR]
    assert answer.status_code == 422, answer.json()
    assert field in [error["path"].rpartition(".")[2] for error in answer.json()["errors"]]


def test_a_command_says_what_a_moment_looks_like() -> None:
    with pytest.raises(ArgumentTypeError, match="2026-11-22"):
        moment(FAR)


@pytest.mark.django_db
def test_the_till_is_told_so() -> None:
    answer = Till.open().evaluate(basket(occurred_at=FAR))

    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "occurred_at")
