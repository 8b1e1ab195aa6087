"""No page, form or parameter answers a server error, whatever is written into it."""

import random
from copy import copy
from typing import Any
from urllib.parse import urlencode

from django.core.cache import cache
from django.db import transaction
from django.test import Client

from team.models import User
from tests.fuzz.conftest import Budget
from tests.fuzz.hostile import MORE_NAMES, VALUES
from tests.fuzz.walking import Form, Ground, declared_parameters, distinct, fault, signed_in


def answer_of(client: Client, method: str, address: str, data: Any = None, **more: Any) -> Any:
    """Ask, and take back whatever it wrote."""
    cookies = copy(client.cookies)
    with transaction.atomic():
        send = client.post if method == "post" else client.get
        answer = send(address, data, **more)
        if getattr(answer, "streaming", False) and answer.status_code < 400:
            b"".join(answer.streaming_content)
        transaction.set_rollback(True)
    client.cookies = cookies
    return answer


def mixed(form: Form, chance: random.Random) -> dict[str, Any]:
    """Fill a form in as it stands, but for some fields, which get hostile values, are repeated, or are left out."""
    data: dict[str, Any] = dict(form.fields)
    names = list({*data, *form.choices}) or ["q"]
    for name in chance.sample(names, min(len(names), chance.choice([1, 1, 2, len(names)]))):
        match chance.randrange(12):
            case 0:
                data.pop(name, None)
            case 1:
                data[name] = [chance.choice(VALUES), chance.choice(VALUES)]
            case 2:
                data[f"{name}[]"] = data.pop(name, "")
            case _:
                data[name] = chance.choice(VALUES)
    if chance.random() < 0.1:
        data[chance.choice(MORE_NAMES)] = chance.choice(VALUES)
    return data


def test_no_parameter_of_a_page_breaks_it(ground: Ground, people: list[User], budget: Budget) -> None:
    names = sorted(ground.parameters | declared_parameters() | set(MORE_NAMES))
    addresses = sorted(ground.addresses.values())
    clients = {user: signed_in(user) for user in people}
    faults: list[str] = []
    for n in budget.lasts():
        if n % 20 == 0:
            cache.clear()  # what counts attempts to sign in
        user = budget.chance.choice(people)
        path = addresses[n % len(addresses)].partition("?")[0]
        if budget.chance.random() < 0.15:
            path = f"{path.rstrip('/').rpartition('/')[0]}/{budget.chance.choice(VALUES)[:300].replace('/', '')}/"
        query = [(name, budget.chance.choice(VALUES)[:6000]) for name in budget.chance.sample(names, 3)]
        headers = {"HX-Request": "true"} if budget.chance.random() < 0.2 else {}
        address = f"{path}?{urlencode(query, errors='replace')}"
        faults += filter(
            None, [fault(answer_of(clients[user], "get", address, headers=headers), "get", address, user.role)]
        )
    assert not faults, "\n".join(distinct(faults))


def test_no_field_of_a_form_breaks_it(ground: Ground, people: list[User], budget: Budget) -> None:
    forms = sorted(ground.forms.values(), key=lambda form: (form.action, form.method, form.fields))
    clients = {user: signed_in(user) for user in people}
    faults: list[str] = []
    for n in budget.lasts():
        if n % 20 == 0:
            cache.clear()  # what counts attempts to sign in
        form = forms[n % len(forms)]
        user = (
            ground.seen_by.get(form.shape, people[0]) if budget.chance.random() < 0.6 else budget.chance.choice(people)
        )
        data = mixed(form, budget.chance)
        headers = {"HX-Request": "true"} if budget.chance.random() < 0.2 else {}
        answer = answer_of(clients[user], form.method, form.action, data, headers=headers)
        faults += filter(None, [fault(answer, form.method, form.action, {**data, "as": user.role})])
    assert not faults, "\n".join(distinct(faults))
