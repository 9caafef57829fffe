import pytest
from django.contrib.auth.models import User
from django.test import Client


@pytest.fixture
def client(db) -> Client:
    """The browser of a manager who may do everything, in English."""
    client = Client()
    client.force_login(User.objects.create_superuser("marina"))
    client.cookies["django_language"] = "en"
    return client
