"""A manager's program for tests: it knows its token and speaks JSON."""

import json
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.test import Client
from django.utils import timezone

from pos_api.services.credentials import issue_user_token
from tests.builders import build_user


@dataclass
class Manager:
    user: AbstractUser
    credential: str
    client: Client = field(default_factory=Client)
    language: str = "en"

    @classmethod
    def sign_in(cls, *permissions: str, **values: Any) -> "Manager":
        user = build_user(permissions=permissions, **values)
        _token, credential = issue_user_token(user=user, at=timezone.now())
        return cls(user, credential)

    def send(self, method: str, path: str, body: Any = None) -> Any:
        return self.client.generic(
            method,
            f"/api/v1/{path}",
            b"" if body is None else json.dumps(body).encode(),
            content_type="application/json",
            headers={"Authorization": f"Bearer {self.credential}", "Accept-Language": self.language},
        )


def codes(response):
    return [(error["path"], error["code"]) for error in response.json()["errors"]]
