"""Every operation of the API keeps its description, anyone who asks and whatever is sent."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from revops.wsgi import application
from team.models import User
from team.tokens import create_token
from tests.fuzz.conftest import SECONDS, SEED, Budget
from tests.fuzz.hostile import VALUES

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
]


@pytest.fixture
def one_connection() -> Iterator[None]:
    """Requests do not close the connection that the test's transaction lives in."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def bearers(people: list[User], one_connection: None) -> dict[str, dict[str, str]]:
    """A token of each role that may read and write."""
    return {
        user.role: {"Authorization": f"Bearer {create_token(owner=user, name='fuzz', scopes=['read', 'write'])[1]}"}
        for user in people
    }


def tried(
    operation: Any,
    most: int,
    budget: Budget,
    bearers: dict[str, dict[str, str]],
    faults: dict[str, str],
    n_before: int = 0,
) -> int:
    """Try an operation with cases of its description, each by a role drawn by chance; return how many were tried."""
    n = 0
    mode = budget.chance.choice(list(schemathesis.GenerationMode))

    @seed(SEED + n_before)
    @settings(
        max_examples=most,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: schemathesis.Case) -> None:
        nonlocal n
        n += 1
        role = budget.chance.choice(sorted(bearers))
        with transaction.atomic():
            answer = case.call(headers=bearers[role])
            transaction.set_rollback(True)
        try:
            case.validate_response(answer, checks=CHECKS)
        except BaseExceptionGroup as group:
            for error in group.exceptions:
                faults.setdefault(
                    f"{operation.label} {type(error).__name__} {answer.status_code}", f"as {role}: {str(error)[:700]}"
                )

    with suppress(Unsatisfiable):  # nothing about it can be wrong
        ask()
    return n


def test_every_operation_keeps_its_word_for_every_role(budget: Budget, bearers: dict[str, dict[str, str]]) -> None:
    schema = schemathesis.openapi.from_wsgi("/api/schema/?format=json", application)
    operations = [found.ok() for found in schema.get_all_operations()]
    faults: dict[str, str] = {}
    counts: dict[str, int] = defaultdict(int)
    budget.chance.shuffle(operations)
    most = 12 if SECONDS else 1
    for round_ in budget.lasts(fewest=12):
        if round_ >= len(operations) and not SECONDS:
            break
        operation = operations[round_ % len(operations)]
        counts[operation.label] += tried(operation, most, budget, bearers, faults, round_)
    assert not faults, "\n\n".join(f"{name}\n  {words}" for name, words in sorted(faults.items()))
    assert sum(counts.values()) >= 12


def test_no_value_of_a_parameter_breaks_the_api(
    budget: Budget, bearers: dict[str, dict[str, str]], client: Any
) -> None:
    """Values that no description would allow: refused with 400 or 404, never a fault."""
    schema = schemathesis.openapi.from_wsgi("/api/schema/?format=json", application)
    operations = [found.ok() for found in schema.get_all_operations()]
    reading = [one for one in operations if one.method == "get"]
    faults: dict[str, str] = {}
    for n in budget.lasts():
        operation, role = reading[n % len(reading)], budget.chance.choice(sorted(bearers))
        path = operation.path
        for part in operation.path_parameters:
            path = path.replace(
                f"{{{part.name}}}", budget.chance.choice(["1", "leads", "revenue", str(2**63), "9" * 30, "²", "-1"])
            )
        names = [part.name for part in operation.query] or ["q"]
        query = {
            budget.chance.choice(names): budget.chance.choice(VALUES)[:5000]
            for _ in range(budget.chance.choice([1, 1, 2]))
        }
        with transaction.atomic():
            answer = client.get(path, query, headers=bearers[role])
            transaction.set_rollback(True)
        if answer.status_code >= 500:
            faults.setdefault(operation.label, f"as {role}: {query}")
    assert not faults, "\n".join(f"{name} {words[:300]}" for name, words in faults.items())
