from collections.abc import Iterator

import pytest

from campaigns.loader import forget_plans
from pos_api import authentication, usage
from tests.pos_api.till import Till


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    """Empty what a process remembers: each test has a database of its own."""
    yield
    forget_plans()
    usage.forget()
    authentication.terminals.clear()
    authentication.users.clear()


@pytest.fixture
def till(db: None) -> Till:
    return Till.open()
