"""Who may do what: every action by every way in, for every role, to what is one's own, one's team's and others'."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from team.access import has_right as has_right
from team.authorization import all_actions, rights_as_markdown
from team.models import Company, Role
from tests.revops.rights.conftest import taken_back
from tests.revops.rights.endpoints import DOORS, Door, Request
from tests.revops.rights.world import OTHER, OWN, TEAM, World

pytestmark = pytest.mark.django_db
VISIBILITIES = (Company.Visibility.OPEN, Company.Visibility.RESTRICTED)
WRITES = re.compile(r'^\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+"?(\w+)', re.I)
LAST_USE = re.compile(r"UPDATE .team_apitoken. SET .last_used_at.")
SAVEPOINT = re.compile(r'^(ROLLBACK TO )?SAVEPOINT "?(\w+)')
ANSWERS_ALL_METHODS = ("healthz", "readyz", "favicon.ico", "home/", "api/^")  # and writes nothing by any
NO_ACTION = {
    "setup": "founds the company with the token printed at start",
    "demo_sign_in": "signs in to the demo company",
    "answer_round": "answers behind a personal link; they are no one's",
    "front_door": "the public detector; its answers are no one's",
    "stage_criteria": "redraws the rows of a form; writes nothing",
    "score_criteria": "redraws the rows of a form; writes nothing",
    "my_email": "one's own address, after the password",
    "confirm_my_email": "one's own address, by the link mailed to it",
    "answer_account_request": "each request names who may consent, refuse or withdraw (team/accounts/consents.py)",
    "api-routing_rules-ask": "tries the rules on a lead; writes nothing",
}


@contextmanager
def writes() -> Iterator[list[str]]:
    """Collect the tables that are written to and not undone, but for sessions and the last use of a token."""
    written: list[str] = []
    marks: dict[str, int] = {}  # how much had been written at each savepoint

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        named, point = WRITES.match(sql), SAVEPOINT.match(sql)
        if point and not point[1]:
            marks[point[2]] = len(written)
        elif point:
            del written[marks[point[2]] :]
        elif named and named[1] != "django_session" and not LAST_USE.search(sql):
            written.append(named[1])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        yield written


def send(client: Client, door: Door, request: Request) -> int:
    kwargs: dict[str, Any] = {"data": request.data or {}}
    if door.is_api:
        kwargs = (
            {"data": json.dumps(request.data), "content_type": "application/json"} if request.data is not None else {}
        )
    return int(getattr(client, door.method)(request.url, **kwargs).status_code)


def is_done(status: int, door: Door) -> bool:
    return status < 400 or (door.is_quiet and status == (400 if door.is_api else 422))


@pytest.mark.parametrize("door", DOORS, ids=str)
def test_every_role_does_what_is_declared_and_nothing_else(world: World, door: Door) -> None:
    """What is refused is refused with 403, or with 404 where the object is not theirs to know of, and writes nothing.

    In a restricted company only what others have is another question.
    """
    faults = []
    for relation in door.relations:
        wanted = expected_roles(door, relation)
        for visibility in VISIBILITIES if relation == OTHER and door.action.sees else VISIBILITIES[:1]:
            for role in Role.values:
                is_open = door.action.is_open_to(world.people[role])
                if not is_open and relation != door.relations[-1]:
                    continue  # refused whosever it is
                may = None if wanted is None or visibility == Company.Visibility.RESTRICTED else role in wanted
                fault = try_door(world, door, role, relation, visibility, may)
                if fault:
                    faults.append(f"{role}, {relation}, {visibility}: {fault}")
    assert not faults, "\n".join([str(door), *faults])


def try_door(world: World, door: Door, role: str, relation: str, visibility: str, may: bool | None) -> str:
    actor = world.people[role]
    with taken_back():
        Company.objects.update(visibility=visibility)
        request = door.build(world, actor, relation)
        is_seen = door.action.sees is None or door.action.sees(actor, request.target)
        is_seen = is_seen or bool(door.page_right and not has_right(actor, door.page_right))
        is_allowed = door.action.allows(actor, request.target)
        if may is not None and is_allowed is not may:
            return f"is declared to be {(is_allowed and 'allowed') or 'refused'}, which was not decided so"
        with writes() as written:
            status = send(door.clients(world)[role], door, request)
        if is_allowed:
            if not is_done(status, door):
                return f"may, but was answered {status}"
            return (
                ""
                if written or door.is_quiet or status == 204
                else f"may, was answered {status}, and nothing was written"
            )
        expected = 403 if is_seen else 404
        if status != expected:
            return f"may not; was answered {status}, not {expected}"
        return f"may not; {', '.join(written)} was written to" if written else ""
    raise AssertionError


@pytest.mark.parametrize("door", DOORS, ids=str)
def test_strangers_the_deactivated_and_tokens_that_only_read_do_nothing(world: World, door: Door) -> None:
    may = next(role for role in Role.values if door.action.is_open_to(world.people[role]))
    clients = door.clients(world)
    tries = [("anonymous", clients["anonymous"]), ("gone", clients["gone"])]
    expected = (
        {"anonymous": 401, "gone": 401, "reader": 403, "token": 403} if door.is_api else {"anonymous": 302, "gone": 302}
    )
    if door.is_api:
        tries.append(("reader", world.readers[may]))
    if door.is_api and door.needs_presence:
        may = Role.CRO  # a signatory and, in what is built for them, the arbiter
        tries.append(("token", world.tokens[may]))
    for name, client in tries:
        with taken_back():
            request = door.build(world, world.people[may], door.relations[0])
            with writes() as written:
                status = send(client, door, request)
            assert (status, written) == (expected[name], []), name


def test_a_page_sends_strangers_to_the_sign_in(world: World) -> None:
    with taken_back():
        assert reverse("account_login") in Client().post(reverse("runs"))["Location"]


# The declarations, written down once more

SALES = {Role.REP, Role.CRO, Role.SUPPORT}
ROUTERS = {Role.CRO, Role.OPS}
SEES_FIGURES = {Role.CEO, Role.CMO, Role.CRO, Role.CFO, Role.OPS}
BY_RELATION: dict[str, dict[str, set[str]]] = {
    **{
        key: {OWN: SALES, TEAM: SALES, OTHER: {Role.CRO}}
        for key in ("accept_lead", "reject_lead", "rate_lead", "log_activity", "pause_clock", "resume_clock")
    },
    "change_decision": {OWN: set(Role.values), OTHER: {Role.CEO, Role.CMO, Role.CRO}},
    "undo_verdict": {OWN: SALES, TEAM: set(), OTHER: set()},
    "pass_lead_on": {OWN: ROUTERS, TEAM: ROUTERS | {Role.REP, Role.SUPPORT}, OTHER: ROUTERS},
    "manage_absence": {OWN: SALES | ROUTERS, TEAM: SALES | ROUTERS, OTHER: ROUTERS},
    "answer_verdict": {key: {Role.CMO, Role.MARKETER} for key in (OWN, TEAM, OTHER)},
    "contest_verdict": {key: {Role.CMO, Role.MARKETER} for key in (OWN, TEAM, OTHER)},
    "note_content_use": dict.fromkeys((OWN, TEAM, OTHER), SALES),
    "spot_opportunity": {key: {*SALES, Role.MARKETER, Role.CMO, Role.CEO} for key in (OWN, TEAM, OTHER)},
    "rule_on_contest": {OWN: set(Role.values), OTHER: set()},
    "decide_dispute": {OWN: set(Role.values), OTHER: set()},
    "sign_version": {key: {Role.CMO, Role.CRO} for key in (OWN, TEAM, OTHER)},
    "dispute_version": {key: {Role.CMO, Role.CRO} for key in (OWN, TEAM, OTHER)},
    "change_day_note": {OWN: set(Role.values), OTHER: {Role.CEO, Role.CMO, Role.CRO, Role.OPS}},
    "enter_commit": {**{key: {Role.REP, Role.CRO, Role.CEO} for key in (OWN, TEAM)}, OTHER: set()},
    "answer_alarm": {OWN: set(Role.values), TEAM: SEES_FIGURES, OTHER: SEES_FIGURES},
    "assign_alarm": dict.fromkeys((OWN, TEAM, OTHER), SEES_FIGURES),
    "revoke_token": {OWN: set(Role.values), TEAM: {Role.OPS}, OTHER: {Role.OPS}},
}
LEADERS_OF_MOVES = {Role.CMO, Role.CRO, Role.OPS}
BY_STEP: dict[str, dict[str, set[str]]] = {
    "no stage to inquiry": dict.fromkeys((OWN, TEAM, OTHER), LEADERS_OF_MOVES | {Role.MARKETER}),
    "inquiry to mql": dict.fromkeys((OWN, TEAM, OTHER), LEADERS_OF_MOVES),
    "mql to sal": {**dict.fromkeys((OWN, TEAM), LEADERS_OF_MOVES | {Role.REP}), OTHER: LEADERS_OF_MOVES},
    "mql to inquiry": dict.fromkeys((OWN, TEAM, OTHER), LEADERS_OF_MOVES),
    "sal to recycled": {**dict.fromkeys((OWN, TEAM), LEADERS_OF_MOVES | {Role.REP}), OTHER: LEADERS_OF_MOVES},
    "sql to won": dict.fromkeys((OWN, TEAM, OTHER), LEADERS_OF_MOVES),
    "won to live": dict.fromkeys((OWN, TEAM, OTHER), LEADERS_OF_MOVES),
}
PROPOSERS: dict[str, set[str]] = {  # of one's own draft, of one by a person of one's side, of one by the other side
    OWN: {Role.CEO, Role.CMO, Role.CRO, Role.OPS, Role.CFO, Role.SUPPORT},
    TEAM: {Role.CEO, Role.CMO, Role.CRO, Role.OPS, Role.CFO, Role.SUPPORT},
    OTHER: set(),
}
BY_ROLE: dict[str, set[str]] = {
    "import_records": {Role.OPS, Role.CMO, Role.CRO},
    "push_records": {Role.OPS, Role.CMO, Role.CRO},
    "undo_import": {Role.OPS, Role.CMO, Role.CRO},
    "manage_connectors": {Role.OPS, Role.CMO, Role.CRO},
    "map_stages": {Role.OPS, Role.CMO, Role.CRO},
    "enter_rate": {Role.OPS, Role.CMO, Role.CRO},
    "learn_scores": {Role.OPS, Role.CMO, Role.CRO},
    "prove_scores": {Role.OPS, Role.CMO, Role.CRO, Role.CFO, Role.CEO, Role.MARKETER},
    "manage_routing": ROUTERS,
    "recompute": {Role.OPS, Role.CMO, Role.CRO, Role.CFO, Role.CEO},
    "open_round": {Role.CEO, Role.CMO, Role.CRO, Role.OPS},
    "set_goal": {Role.CEO, Role.CMO, Role.CRO, Role.CFO},
    "set_detector": {Role.CEO, Role.CMO, Role.CRO, Role.OPS},
    "set_benchmark": {Role.CFO, Role.OPS},
    "write_day_note": set(Role.values),
    "hold_review": {Role.CEO, Role.CMO, Role.CRO},
    **{
        key: {Role.OPS}
        for key in (
            "add_person",
            "invite_person",
            "reset_two_factor",
            "change_company",
            "manage_territories",
            "manage_calendars",
            "name_signatory",
        )
    },
}


def expected_roles(door: Door, relation: str) -> set[str] | None:
    key = door.action.key
    if key == "move_buyer":
        return BY_STEP[door.note][relation]
    if key == "propose_version" and len(door.relations) == 3:
        return PROPOSERS[relation]
    if key in BY_RELATION:
        return BY_RELATION[key][relation]
    return BY_ROLE.get(key)


# Nothing is left out


def test_every_action_is_tried_by_every_address_that_leads_to_it() -> None:
    declared = {(action.key, address) for action in all_actions() for address in action.addresses}
    tried = {(door.action.key, door.address) for door in DOORS}
    at_once = {("propose_version", "open_agreement"), ("propose_version", "api-versions-list")}
    doubled = {("draft_version", "score_model")}  # tried as redraft_version
    assert declared - tried == doubled
    assert tried - declared == at_once


@cache
def patterns() -> list[tuple[str, URLPattern]]:
    def walk(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
        for part in resolver.url_patterns:
            path = prefix + str(part.pattern)
            if isinstance(part, URLPattern):
                yield path, part
            else:
                yield from walk(part, path)

    return list(walk(get_resolver()))


def test_every_address_that_writes_is_in_an_action(world: World) -> None:
    """The sign-in pages of allauth act on one's own account alone; the admin has rights of its own."""
    known = {address.split(" ")[-1].split(":")[0] for action in all_actions() for address in action.addresses}
    left = [
        (path, part.name)
        for path, part in patterns()
        if not path.startswith(("accounts/", "admin/", *ANSWERS_ALL_METHODS))
        and part.name not in known | set(NO_ACTION)
    ]
    writing = [(path, name) for path, name in left if accepts_writes(world, path)]
    assert not writing


def accepts_writes(world: World, path: str) -> bool:
    """Tell whether an address takes POST, PUT, PATCH or DELETE from a person with every right."""
    url = "/" + filled(path)
    owner = world.clients["owner"]
    for method in ("post", "put", "patch", "delete"):
        with taken_back():
            if getattr(owner, method)(url).status_code != 405:
                return True
    return False


SAMPLES = {"int": "999999999", "slug": "revenue", "str": "leads"}


def filled(path: str) -> str:
    """Return an address of the pattern that names nothing that exists."""
    plain = path.replace("(?P<kind>lead|account)", "lead").replace("(?P<pk>[0-9]{1,18})", "999999999").strip("^$")
    return re.sub(r"<(?:(\w+):)?\w+>", lambda part: SAMPLES[part[1] or "str"], plain)


def test_the_document_shows_the_rights_as_they_are_declared() -> None:
    text = (Path(settings.BASE_DIR) / "docs/permissions.md").read_text()
    assert rights_as_markdown() in text, "Write what `manage.py permissions` prints into docs/permissions.md."
