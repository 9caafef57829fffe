"""Every operation of the OpenAPI document, with what the document allows and with what it forbids.

Whatever is sent, the answer is one that the document names, in the form it names, and never the server's fault.
"""

import os
from collections.abc import Iterator

import pytest
import schemathesis
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import APIOperation, Case, GenerationMode, checks
from schemathesis.core.failures import FailureGroup

from pos_api.services.credentials import issue_user_token
from tests.e2e.conftest import Site
from tests.e2e.shop import Shop, build_shop

# For each operation; `make test-deep` takes 500.
EXAMPLES = int(os.environ.get("FIEL_FUZZ_EXAMPLES", "25"))
CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]


def authorization_of(shop: Shop, scheme: str) -> str:
    if scheme == "terminalKey":
        return f"Api-Key {shop.key}"
    _token, credential = issue_user_token(user=shop.manager, at=timezone.now())
    return f"Bearer {credential}"


def operations(site: Site, scheme: str) -> Iterator[APIOperation]:
    """Yield the operations that a caller with this security scheme may call."""
    schema = schemathesis.openapi.from_url(f"{site.url}/api/schema/?format=json")
    for result in schema.get_all_operations():
        operation = result.ok()
        if any(scheme in way for way in operation.definition.raw.get("security", [])):
            yield operation


def failures_of(operation: APIOperation, mode: GenerationMode, authorization: str) -> list[str]:
    """Call an operation with generated requests; return what was wrong with the first bad answer."""

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def call(case: Case) -> None:
        case.call_and_validate(checks=CHECKS, headers={"Authorization": authorization})

    try:
        call()
    except FailureGroup as group:
        return [f"{operation.label} ({mode.value}): {failure}" for failure in group.exceptions]
    except Unsatisfiable:
        # An operation without parameters and body: nothing that is sent to it can be wrong.
        return []
    return []


@pytest.mark.parametrize("scheme", ["terminalKey", "userToken"])
def test_every_answer_is_a_documented_one(site: Site, scheme: str) -> None:
    authorization = authorization_of(build_shop(), scheme)
    failures: list[str] = []
    called = 0

    for operation in operations(site, scheme):
        called += 1
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            failures += failures_of(operation, mode, authorization)

    assert failures == []
    assert called > 6
