from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.services_plugin"]

# Laws are about answers. How long one example takes says how busy the machine is.
settings.register_profile("laws", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("laws")


@pytest.fixture(autouse=True)
def _whole_world(request: pytest.FixtureRequest) -> Iterator[None]:
    """Hold every promise over the whole database against what a test that commits left behind.

    `@pytest.mark.breaks_world("check", ...)` names the checks that a test breaks on purpose.
    """
    marked = request.node.get_closest_marker("django_db")
    commits = {"transactional_db", "live_server"} & set(request.fixturenames)
    if not commits and not (marked and marked.kwargs.get("transaction")):
        yield
        return
    # Set up before this, and so taken down after it.
    request.getfixturevalue("_django_db_helper")
    yield
    from tests.world import assert_world

    meant = request.node.get_closest_marker("breaks_world")
    assert_world(but_for=meant.args if meant else ())


@pytest.fixture(autouse=True)
def _empty_cache(request: pytest.FixtureRequest) -> Iterator[None]:
    """Give tests that reach the database an empty cache, no compiled plans and no remembered products too."""
    yield
    if "_django_db_helper" in request.fixturenames:
        from django.core.cache import cache

        from campaigns.loader import forget_plans
        from pos_api import catalogue

        cache.clear()
        catalogue.forget()
        forget_plans()
