from collections.abc import Iterator

import pytest

pytest_plugins = ["tests.services_plugin"]


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
