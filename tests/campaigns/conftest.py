import pytest
from django.contrib.auth.models import User
from django.test import Client

from campaigns.services import jobs


@pytest.fixture
def page(client: Client, db: None) -> Client:
    client.force_login(User.objects.create_superuser("marina"))
    client.cookies["django_language"] = "en"
    return client


@pytest.fixture
def kinds(monkeypatch):
    """Kinds for this test alone: `kinds(name=work)`."""
    monkeypatch.setattr(jobs, "KINDS", dict(jobs.KINDS))

    def register(**works):
        for code, work in works.items():
            jobs.register_kind(
                jobs.JobKind(
                    code=code,
                    label=code,
                    work=work,
                    view_permission="campaigns.view_campaigncategory",
                    change_permission="campaigns.change_campaigncategory",
                )
            )

    return register
