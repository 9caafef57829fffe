"""Every operation of the OpenAPI document, with what the document allows and with what it forbids.

Whatever is sent, the answer is one that the document names, in the form it names, and never the server's fault.
"""

import os
from collections import Counter
from pathlib import Path

import pytest
import schemathesis
import yaml
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import APIOperation, Case, GenerationMode, checks
from schemathesis.core.failures import FailureGroup
from schemathesis.schemas import BaseSchema

from pos_api.services.credentials import issue_user_token
from tests.e2e.conftest import Site
from tests.e2e.shop import Shop, build_shop

# For each operation; `make test-deep` takes 500.
EXAMPLES = int(os.environ.get("FIEL_FUZZ_EXAMPLES", "25"))
SNAPSHOT = Path(__file__).parents[2] / "docs" / "openapi.yaml"
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


def operations_of(schema: BaseSchema, scheme: str) -> list[APIOperation]:
    """Return the operations that a caller with this security scheme may call, in the document's order."""
    operations = [result.ok() for result in schema.get_all_operations()]
    return [
        operation
        for operation in operations
        if any(scheme in way for way in operation.definition.raw.get("security", []))
    ]


def can_be_wrong(operation: APIOperation) -> bool:
    """Return whether an operation has a body, or a parameter that is not any text."""
    described = operation.definition.raw
    any_text = {"type": "string"}
    return "requestBody" in described or any(
        parameter["schema"] != any_text for parameter in described.get("parameters", [])
    )


def shard_of(operations: list[APIOperation], number: int, *, of: int) -> list[APIOperation]:
    """Return the part `number` of `of` nearly equal ones; the operations of a resource stay together."""
    return operations[len(operations) * number // of : len(operations) * (number + 1) // of]


def fuzz(operation: APIOperation, mode: GenerationMode, authorization: str) -> tuple[int, list[str]]:
    """Call an operation with generated requests; return how often, and what was wrong with the first bad answer."""
    calls = 0

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def call(case: Case) -> None:
        nonlocal calls
        calls += 1
        case.call_and_validate(checks=CHECKS, headers={"Authorization": authorization})

    try:
        call()
    except FailureGroup as group:
        return calls, [f"{operation.label} ({mode.value}): {failure}" for failure in group.exceptions]
    except Unsatisfiable:
        # Nothing that is sent to this operation can be wrong (`can_be_wrong`).
        return calls, []
    return calls, []


# Parts for each security scheme, each with a server of its own, so that processes can share the work.
SHARDS = {"terminalKey": 4, "userToken": 6}


@pytest.mark.parametrize(
    ("scheme", "number"), [(scheme, number) for scheme, count in SHARDS.items() for number in range(count)]
)
def test_every_answer_is_a_documented_one(site: Site, scheme: str, number: int) -> None:
    authorization = authorization_of(build_shop(), scheme)
    schema = schemathesis.openapi.from_url(f"{site.url}/api/schema/?format=json")
    shard = shard_of(operations_of(schema, scheme), number, of=SHARDS[scheme])
    failures: list[str] = []
    calls: Counter[tuple[str, GenerationMode]] = Counter()

    for operation in shard:
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            calls[operation.label, mode], wrong = fuzz(operation, mode, authorization)
            failures += wrong

    assert failures == []
    assert shard
    # Each was called with what the document allows, and with what it forbids where there is such a thing.
    assert all(calls[operation.label, GenerationMode.POSITIVE] for operation in shard)
    assert all(calls[one.label, GenerationMode.NEGATIVE] for one in shard if can_be_wrong(one))


def test_the_shards_together_are_every_operation() -> None:
    document = yaml.safe_load(SNAPSHOT.read_text())
    schema = schemathesis.openapi.from_dict(document)

    covered = [
        operation.label
        for scheme, count in SHARDS.items()
        for number in range(count)
        for operation in shard_of(operations_of(schema, scheme), number, of=count)
    ]

    assert Counter(covered) == Counter(
        f"{method.upper()} {path}"
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        for way in operation.get("security", [{}])
        if not way or SHARDS.keys() & way.keys()
    )
