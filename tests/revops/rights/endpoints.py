"""Every address that writes, with the action that it leads to and a request that would be carried out."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

import connectors.models
import imports.models
from agreements import kinds
from agreements import permissions as agreeing
from agreements.models import Agreement
from alarms import permissions as alarming
from alarms.marks import permissions as noting
from alarms.marks.models import DayNote
from alarms.models import Alarm, DetectorSetup
from alignment import permissions as asking
from alignment.plan import permissions as planning
from alignment.plan.models import PlanUpdate
from alignment.review import permissions as reviewing
from alignment.review.models import Decision, Review
from alignment.rounds.models import Invitation, Round
from connectors import permissions as connecting
from connectors.access import seal_credentials
from crm import models as crm
from crm import permissions as recording
from forecast import permissions as forecasting
from forecast.outcomes.commits import open_quarters
from funnel import permissions as selling
from funnel.definitions import in_force
from funnel.models import Absence, HandOff, RoutingRule
from imports import permissions as importing
from kpis import permissions as measuring
from kpis.models import Benchmark, Goal
from notify import permissions as telling
from notify.actions import publish_event
from scoring import permissions as scoring
from scoring.models import Learning
from team import permissions as managing
from team.authorization import Action
from team.models import Calendar, Company, Role, User
from team.tokens import create_token
from tests import make
from tests.revops.rights import world as records
from tests.revops.rights.world import OTHER, OWN, TEAM, World

RELATIONS = (OWN, TEAM, OTHER)


@dataclass(frozen=True)
class Request:
    """What is sent, and the object that the action is about."""

    url: str
    data: Any = None
    target: Any = None


Build = Callable[[World, User, str], Request]


@dataclass(frozen=True)
class Door:
    """An address that leads to an action; `is_quiet` where what is sent passes the rights and is then found wanting.

    Without `page_right` the whole page answers 403, so nothing tells whether the object exists.
    """

    action: Action
    address: str
    build: Build
    relations: tuple[str, ...] = (OTHER,)
    is_quiet: bool = False
    note: str = ""
    page_right: str = ""

    @property
    def method(self) -> str:
        return self.address.split(" ")[0].lower() if " " in self.address else "post"

    @property
    def name(self) -> str:
        """The name of the URL."""
        return self.address.split(" ")[-1].split(":")[0]

    @property
    def is_api(self) -> bool:
        return self.name.startswith("api-")

    @property
    def needs_presence(self) -> bool:
        """Whether it asks for a session in which the password was entered lately, which a token cannot give."""
        return self.action.key in {"sign_version", "dispute_version", "decide_dispute", "rule_on_contest"}

    def clients(self, world: World) -> dict[str, Client]:
        return world.tokens if self.is_api and not self.needs_presence else world.clients

    def __str__(self) -> str:
        return f"{self.action.key} by {self.address}{self.note and f', {self.note}'}"


DOORS: list[Door] = []


def door(action: Action, address: str, **options: Any) -> Callable[[Build], Build]:
    def add(build: Build) -> Build:
        DOORS.append(Door(action, address, build, **options))
        return build

    return add


def plain(action: Action, address: str, data: Any = None, args: Any = (), query: str = "", **options: Any) -> None:
    """Declare a door whose request needs no records but those that `data` or `args` make."""

    def build(world: World, actor: User, relation: str) -> Request:
        made = args(world) if callable(args) else args
        sent = data(world) if callable(data) else data
        return Request(reverse(DOORS[place].name, args=made) + query, sent)

    place = len(DOORS)
    DOORS.append(Door(action, address, build, **options))


def today(days: int = 0) -> str:
    return (timezone.localdate() + timedelta(days=days)).isoformat()


# The company and its people


@door(managing.CHANGE_PERSON, "person")
def _(world: World, actor: User, relation: str) -> Request:
    person = world.stranger
    form = {"name": "Renamed", "email": person.email, "role": "rep", "time_zone": "", "is_active": "on"}
    return Request(reverse("person", args=[person.pk]), form, person)


@door(managing.CHANGE_PERSON, "person", is_quiet=True, note="an owner of the installation")
def _(world: World, actor: User, relation: str) -> Request:
    person = make.user(Role.CEO, is_superuser=True)
    form = {"name": "Renamed", "email": person.email, "role": "ceo", "time_zone": "", "is_active": "on"}
    return Request(reverse("person", args=[person.pk]), form, person)


@door(managing.RESET_TWO_FACTOR, "reset_two_factor", is_quiet=True)
def _(world: World, actor: User, relation: str) -> Request:
    return Request(reverse("reset_two_factor", args=[world.stranger.pk]), None, world.stranger)


@door(managing.REVOKE_TOKEN, "revoke_token", relations=RELATIONS)
def _(world: World, actor: User, relation: str) -> Request:
    token, _ = create_token(owner=world.whose(actor, relation), name="A script")
    return Request(reverse("revoke_token", args=[token.pk]), None, token)


WEEK = {f"day_{day}": "08:30-12:00" for day in range(5)}
HOURS = {"name": "Munich", "week": {"0": [["09:00", "12:00"]]}}


def calendar(world: World) -> list[int]:
    return [Calendar.objects.create(name="Old").pk]


plain(
    managing.ADD_PERSON, "add_person", {"name": "Nora", "email": "nora@rights.example", "role": "rep", "time_zone": ""}
)
plain(managing.INVITE_PERSON, "invite", args=lambda world: [make.user().pk], is_quiet=True)
plain(
    managing.CHANGE_COMPANY, "company",
    {"name": "New", "currency": "EUR", "time_zone": "UTC", "foreign_amounts": "keep", "visibility": "open",
     "achievement": "everybody", "nightly_time": "03:00"},
)  # fmt: skip
plain(managing.MANAGE_TERRITORIES, "add_territory", {"name": "South", "parent": ""})
plain(managing.MANAGE_TERRITORIES, "territory", {"name": "South"}, lambda world: [make.territory().pk])
plain(managing.MANAGE_TERRITORIES, "remove_territory", args=lambda world: [make.territory().pk])
plain(managing.MANAGE_CALENDARS, "add_calendar", {"name": "Munich", **WEEK})
plain(managing.MANAGE_CALENDARS, "edit_calendar", {"name": "Munich", **WEEK}, calendar)
plain(managing.MANAGE_CALENDARS, "remove_calendar", args=calendar)
plain(managing.MANAGE_CALENDARS, "api-calendars-list", HOURS)
plain(managing.MANAGE_CALENDARS, "PUT api-calendars-detail", HOURS, calendar)
plain(managing.MANAGE_CALENDARS, "DELETE api-calendars-detail", args=calendar)
plain(managing.CHANGE_PROFILE, "me", {"name": "Me", "time_zone": ""})
plain(managing.ISSUE_TOKEN, "my_tokens", {"name": "A script", "scopes": ["read"], "days": "90"})


@door(telling.READ_NOTICES, "read_notices")
def _(world: World, actor: User, relation: str) -> Request:
    publish_event(key="rights.told", kind="test", title="News", to=[actor], link="/")
    return Request(reverse("read_notices"))


# Goals, benchmarks, runs

GOAL = {"target": "26000000", "starts_on": "2026-01-01", "ends_on": "2026-12-31"}
BENCHMARK = {"label": "Ours", "value": "200", "source": "Board", "dated_on": "2026-01-01"}


def goal(world: World) -> list[Any]:
    fields = {"metric": "revenue", "target": 1, "currency": "EUR", "set_by": world.people[Role.CRO]}
    return ["revenue", Goal.objects.create(starts_on="2025-01-01", ends_on="2025-12-31", **fields).pk]


plain(measuring.SET_GOAL, "metric_goal", GOAL, ["revenue"])
plain(measuring.SET_GOAL, "metric_goal_edit", GOAL, goal)
plain(measuring.SET_GOAL, "metric_goal_edit", {"drop": "1"}, goal, note="dropped")
GOAL_BODY = GOAL | {"metric": "revenue"}
plain(measuring.SET_GOAL, "api-goals-list", GOAL_BODY)
plain(measuring.SET_GOAL, "PUT api-goals-detail", GOAL_BODY, lambda world: goal(world)[1:])
plain(measuring.SET_GOAL, "DELETE api-goals-detail", args=lambda world: goal(world)[1:])
plain(measuring.SET_BENCHMARK, "metric_benchmark", BENCHMARK, ["smroi"])
plain(
    measuring.SET_BENCHMARK, "metric_benchmark_edit", {"drop": "1"},
    lambda world: ["smroi", Benchmark.objects.filter(metric="smroi")[0].pk],
)  # fmt: skip
BENCHMARK_BODY = BENCHMARK | {"metric": "smroi", "value": "2"}
plain(measuring.SET_BENCHMARK, "api-benchmarks-list", BENCHMARK_BODY)
for verb, body in (("PUT", BENCHMARK_BODY), ("DELETE", None)):
    plain(
        measuring.SET_BENCHMARK, f"{verb} api-benchmarks-detail", body,
        lambda world: [Benchmark.objects.filter(metric="smroi")[0].pk],
    )  # fmt: skip
plain(measuring.RECOMPUTE, "runs")

# Commits to a forecast


def commit_fields() -> dict[str, str]:
    return {"quarter": open_quarters(Company.get())[0].isoformat(), "amount": "120000.00"}


@door(forecasting.ENTER_COMMIT, "forecast_commit", relations=(OWN,), page_right="see_forecast")
def _(world: World, actor: User, relation: str) -> Request:
    return Request(reverse("forecast_commit"), commit_fields(), actor)


@door(forecasting.ENTER_COMMIT, "api-forecast-commits-list", relations=RELATIONS)
def _(world: World, actor: User, relation: str) -> Request:
    rep = world.whose(actor, relation)
    return Request(reverse("api-forecast-commits-list"), {**commit_fields(), "rep": rep.pk}, rep)


# Notes on a day

DAY_NOTE = {"day": "2026-03-05", "text": "The web site was down"}
DAY_NOTE_BODY = DAY_NOTE | {"metric": "leads"}
plain(noting.WRITE_NOTE, "add_day_note", DAY_NOTE, ["leads"])
plain(noting.WRITE_NOTE, "api-day-notes-list", DAY_NOTE_BODY)


def a_day_note(world: World, actor: User, relation: str, **fields: Any) -> DayNote:
    author = world.whose(actor, relation)
    return DayNote.objects.create(author=author, metric="leads", day="2026-03-04", text="A fair", **fields)


for address, body in (
    ("day_note", DAY_NOTE), ("delete_day_note", None), ("PUT api-day-notes-detail", DAY_NOTE_BODY),
    ("DELETE api-day-notes-detail", None), ("restore_day_note", None), ("api-day-notes-restore", None),
):  # fmt: skip

    @door(noting.CHANGE_NOTE, address, relations=(OWN, OTHER))
    def _(world: World, actor: User, relation: str, address: str = address, body: Any = body) -> Request:
        is_deleted = "restore" in address
        note = a_day_note(world, actor, relation, deleted_at=timezone.now() if is_deleted else None)
        return Request(reverse(address.split(" ")[-1], args=[note.pk]), body, note)


# Alarms


def on_alarm(address: str, data: Any = None, action: Action = alarming.ANSWER_ALARM, **fields: Any) -> None:
    @door(action, address, relations=RELATIONS)
    def build(world: World, actor: User, relation: str) -> Request:
        alarm = Alarm.objects.create(
            detector="rejections_rising", name="Alarm", owner=world.whose(actor, relation), **fields
        )
        sent = data(world) if callable(data) else data
        return Request(reverse(address, args=[alarm.pk]), sent, alarm)


CLOSED = {"closed_at": timezone.now(), "verdict": "real"}
ANSWERS = (
    ("acknowledge", {}, {}), ("snooze", {"until": today(5), "reason": "Later."}, {}), ("new_normal", {"since": today()}, {}),
    ("close", {"verdict": "real"}, {}), ("reopen", {}, CLOSED), ("note", {"note": "Seen."}, {}),
)  # fmt: skip
for verb, data, fields in ANSWERS:
    on_alarm(f"alarm_{verb}", data, **fields)
    on_alarm(f"api-alarms-{verb.replace('_', '-')}", data, **fields)
for address in ("alarm_assign", "api-alarms-assign"):
    on_alarm(address, lambda world: {"owner": make.user(name="New owner").pk}, alarming.ASSIGN_ALARM)

DETECTOR = {"name": "Too few", "rule": "change", "bad": "down", "days": 90, "minimum_n": 20, "relative_floor": 15}


def own_detector(world: World) -> list[str]:
    values = {"name": "Ours", "metric": "leads", "rule": "change", "bad": "down"}
    return [DetectorSetup.objects.create(key="own-1", is_own=True, **values).key]


plain(alarming.SET_DETECTOR, "detector_new", DETECTOR, query="?metric=leads")
plain(alarming.SET_DETECTOR, "detector", {"is_on": "on", "strictness": "strict"}, ["rejections_rising"])
plain(alarming.SET_DETECTOR, "detector", DETECTOR | {"strictness": "strict"}, own_detector, note="of one's own")
plain(alarming.SET_DETECTOR, "detector_delete", args=own_detector)
plain(alarming.SET_DETECTOR, "detector_delete", {"restore": "1"}, own_detector, note="restored")
plain(alarming.SET_DETECTOR, "alarm_settings", {"false_alarms_per_quarter": "2"})
OWN_BODY = {"name": "Too few", "metric": "leads", "rule": "change", "bad": "down"}
plain(alarming.SET_DETECTOR, "api-detectors-list", OWN_BODY)
plain(alarming.SET_DETECTOR, "api-detectors-trial", OWN_BODY, is_quiet=True)
plain(alarming.SET_DETECTOR, "PATCH api-detectors-detail", {"is_on": False}, ["rejections_rising"])
plain(alarming.SET_DETECTOR, "DELETE api-detectors-detail", args=own_detector)


# Imports, stages, rates, connectors


def an_import(world: World, **fields: Any) -> imports.models.ImportJob:
    return imports.models.ImportJob.objects.create(
        **{"key": f"import:{next(make.numbers)}", "name": "leads.csv", "folder": "x", **fields}
    )


def a_file(world: World) -> list[int]:
    run = an_import(world)
    return [run.pk, imports.models.ImportFile.objects.create(run=run, name="leads.csv", stored="0", size=1).pk]


def connector(world: World) -> list[int]:
    made = connectors.models.Connector.objects.create(
        source="hubspot", name="HubSpot", base_url="https://api.hubapi.com", method="private_app", schedule="0 * * * *",
        kinds=["leads"], sign_in=seal_credentials({"token": "t"}), added_by=world.people[Role.OPS],
    )  # fmt: skip
    return [made.pk]


def run_pk(world: World) -> list[int]:
    return [an_import(world).pk]


plain(
    importing.IMPORT_RECORDS,
    "imports",
    lambda world: {"upload": SimpleUploadedFile("a.csv", b"Name\nA\n"), "source": "auto"},
)
plain(importing.IMPORT_RECORDS, "cancel_import", args=run_pk)
for name in ("confirm_import", "choose_duplicates", "choose_currency", "choose_zone", "choose_source"):
    said = {"currency": "EUR", "zone": "UTC", "source": "x"}
    plain(importing.IMPORT_RECORDS, name, said, run_pk, is_quiet=True)
for name in ("file_mapping", "mapping_text", "answer_file", "leave_out_file", "include_file"):
    plain(importing.IMPORT_RECORDS, name, {}, a_file, is_quiet=True)


@door(importing.IMPORT_RECORDS, "forget_mapping")
def _(world: World, actor: User, relation: str) -> Request:
    row = imports.models.RememberedMapping.objects.create(
        source="shop", kind="leads", signature="a", decided_at=timezone.now()
    )
    return Request(reverse("forget_mapping", args=[row.pk]))


@door(importing.IMPORT_RECORDS, "forget_zone")
def _(world: World, actor: User, relation: str) -> Request:
    row = imports.models.SourceZone.objects.create(source="shop", time_zone="UTC", decided_at=timezone.now())
    return Request(reverse("forget_zone", args=[row.pk]))


plain(importing.UNDO_IMPORT, "undo_import", args=lambda world: [an_import(world, state="done").pk])
STAGE = "?source=shop&track=deal&pipeline=&stage=Talks"
plain(selling.MAP_STAGES, "change_stage", {"ours": "", "outcome": "won", "save": "1"}, query=STAGE)
plain(selling.MAP_STAGES, "undo_stage", is_quiet=True)
plain(selling.MAP_STAGES, "confirm_stage", query=STAGE, is_quiet=True)
plain(
    recording.ENTER_RATE, "exchange_rates", {"currency": "USD", "rate": "1.1", "base": "EUR", "valued_on": "2026-01-05"}
)
plain(connecting.MANAGE_CONNECTORS, "add_connector", {}, ["hubspot", "private_app"], is_quiet=True)
plain(connecting.MANAGE_CONNECTORS, "edit_connector", {}, connector, is_quiet=True)
for name in ("pull_now", "remove_connector", "connector_on", "connector_off", "connector_again"):
    plain(connecting.MANAGE_CONNECTORS, name, None, connector)
plain(connecting.MANAGE_CONNECTORS, "connector_stop", None, connector, is_quiet=True)
for kind in ("leads", "touches", "usage_events", "line_items", "subscriptions"):
    row = {"source": "shop", "external_id": "1", **({"name": "login"} if kind == "usage_events" else {})}
    plain(importing.PUSH_RECORDS, f"api-{kind}-list", [row])

# Agreements

TERM = kinds.get_kind("term")
OPENING = {"title": "Churn", "text": "Lost customers.", "key": "churn", "third_side": ""}
NEW = {"kind": "term", "key": "churn", "title": "Churn", "text": "Lost customers."}


def agreement(kind: str) -> Agreement:
    return Agreement.objects.create(kind=kind, key="known", title="Known")


@door(agreeing.DRAFT_VERSION, "open_agreement")
def _(world: World, actor: User, relation: str) -> Request:
    return Request(reverse("open_agreement") + "?kind=term", {**OPENING, "draft": "1"}, TERM)


@door(agreeing.DRAFT_VERSION, "propose_version")
def _(world: World, actor: User, relation: str) -> Request:
    return Request(reverse("propose_version", args=[agreement("term").pk]), {**OPENING, "draft": "1"}, TERM)


@door(agreeing.DRAFT_VERSION, "api-versions-list")
def _(world: World, actor: User, relation: str) -> Request:
    return Request(reverse("api-versions-list"), {**NEW, "is_draft": True}, TERM)


@door(agreeing.DRAFT_VERSION, "api-versions-list", is_quiet=True, note="a score model")
def _(world: World, actor: User, relation: str) -> Request:
    body = {
        "kind": "score",
        "key": "leads",
        "title": "Leads",
        "text": "Points.",
        "is_draft": True,
        "terms": SCORE_TERMS,
    }
    return Request(reverse("api-versions-list"), body, kinds.get_kind("score"))


SCORE_TERMS = {
    "threshold": 15,
    "fit": {"Large": {"rule": {"field": "employees", "is": ">=", "value": 50}, "points": 5}},
    "engagement": {"Answered": {"events": "touches", "points": 10, "half_life": 30, "cap": 25}},
}
for name, args in (("new_stage", []), ("propose_stage", ["mql"])):

    @door(agreeing.DRAFT_VERSION, name, is_quiet=True)
    def _(world: World, actor: User, relation: str, name: str = name, args: list[str] = args) -> Request:  # type: ignore[assignment]
        return Request(reverse(name, args=args), {"draft": "1"}, kinds.get_kind("stage"))


@door(agreeing.DRAFT_VERSION, "edit_matrix", is_quiet=True)
def _(world: World, actor: User, relation: str) -> Request:
    return Request(reverse("edit_matrix"), {"draft": "1"}, kinds.get_kind("accountability_matrix"))


def plan_update(world: World) -> PlanUpdate:
    """An open update of the plan, with both parts written."""
    texts = {"marketing_text": "Up.", "sales_text": "Up.", "next_due_on": today(30)}
    return PlanUpdate.objects.create(number=1, drafted_by=world.people[Role.CMO], **texts)


UPDATE_TEXT = {"text": "Leads are up.", "next_due_on": today(20)}
for name, is_api, data in (
    ("write_update", False, UPDATE_TEXT),
    ("present_update", False, None),
    ("api-plan-updates-write", True, UPDATE_TEXT),
    ("api-plan-updates-present", True, None),
):

    @door(planning.WRITE_UPDATE if "write" in name else planning.PRESENT_UPDATE, name)
    def _(
        world: World, actor: User, relation: str, name: str = name, is_api: bool = is_api, data: Any = data
    ) -> Request:
        update = plan_update(world)
        return Request(reverse(name, args=[update.pk if is_api else update.number]), data, update)


for name in ("draft_update", "api-plan-updates-list"):

    @door(planning.DRAFT_UPDATE, name)
    def _(world: World, actor: User, relation: str, name: str = name) -> Request:
        terms = {"horizon": "30_days", "metric": "revenue", "target": "1000", "starts_on": today()}
        signed = records.version(actor, is_proposed=True, kind="goal", terms=terms)
        for side, role in (("marketing", Role.CMO), ("sales", Role.CRO)):
            signed.signatures.create(side=side, signed_by=world.people[role])
        signed.in_force_at = timezone.now()
        signed.save(update_fields=["in_force_at"])
        return Request(reverse(name))


# Joint reviews


def open_review(world: World) -> Review:
    """An open review after one that recorded a decision for the rep."""
    held = Review.objects.create(
        number=1, started_by=world.people[Role.CMO], since=today(-30), closed_at=timezone.now()
    )
    held.decisions.create(
        text="Call them.", owner=world.people[Role.REP], due_on=today(9), recorded_by=world.people[Role.CMO]
    )
    return Review.objects.create(number=2, started_by=world.people[Role.CMO], since=today(-1))


def decision_of(review: Review, world: World) -> Decision:
    fields = {"owner": world.people[Role.REP], "due_on": today(9), "recorded_by": world.people[Role.CMO]}
    return review.decisions.create(text="Call them.", **fields)


def present(world: World) -> list[int]:
    return [world.people[role].pk for role in (Role.CMO, Role.CRO)]


def last_decision(world: World) -> list[int]:
    return [open_review(world).number, Decision.objects.get().pk]


def new_decision(world: World) -> list[int]:
    review = open_review(world)
    return [review.number, decision_of(review, world).pk]


DECISION = {"text": "Call them.", "due_on": today(9)}
WISH = {"dimension": "campaign", "key": "1", "name": "Blue", "wish": "more"}
plain(reviewing.HOLD_REVIEW, "start_review")
plain(reviewing.HOLD_REVIEW, "api-reviews-list")
plain(reviewing.HOLD_REVIEW, "answer_decision", {"answer": "done"}, last_decision)
plain(reviewing.HOLD_REVIEW, "answer_leads", WISH, lambda world: [open_review(world).number])
plain(
    reviewing.HOLD_REVIEW, "record_decision", lambda world: DECISION | {"owner": world.people[Role.REP].pk},
    lambda world: [open_review(world).number],
)  # fmt: skip
plain(reviewing.HOLD_REVIEW, "delete_decision", None, new_decision)
plain(
    reviewing.HOLD_REVIEW, "api-decisions-list",
    lambda world: DECISION | {"review": open_review(world).pk, "owner": world.people[Role.REP].pk},
)  # fmt: skip


def close_first(world: World) -> Review:
    return Review.objects.create(number=1, started_by=world.people[Role.CMO], since=today(-1))


plain(
    reviewing.HOLD_REVIEW, "close_review", lambda world: {"present": present(world), "next_due_on": today(20)},
    lambda world: [close_first(world).number],
)  # fmt: skip
plain(
    reviewing.HOLD_REVIEW, "api-reviews-close", lambda world: {"present": present(world), "next_due_on": today(20)},
    lambda world: [close_first(world).pk],
)  # fmt: skip


@door(reviewing.CHANGE_DECISION, "change_decision", relations=(OWN, OTHER))
def _(world: World, actor: User, relation: str) -> Request:
    decision = decision_of(open_review(world), world)
    decision.owner = actor if relation == OWN else world.stranger
    decision.save()
    return Request(reverse("change_decision", args=[decision.pk]), {"status": "done", "due_on": today(9)}, decision)


@door(reviewing.CHANGE_DECISION, "PUT api-decisions-detail", relations=(OWN, OTHER))
def _(world: World, actor: User, relation: str) -> Request:
    open_review(world)
    decision = Decision.objects.get()
    decision.owner = actor if relation == OWN else world.stranger
    decision.save()
    body = {"status": "done", "due_on": today(9), "owner": decision.owner.pk}
    return Request(reverse("api-decisions-detail", args=[decision.pk]), body, decision)


@door(agreeing.DRAFT_VERSION, "new_score_model", is_quiet=True)
def _(world: World, actor: User, relation: str) -> Request:
    return Request(reverse("new_score_model"), {"draft": "1"}, kinds.get_kind("score"))


@door(agreeing.REDRAFT_VERSION, "score_model", is_quiet=True, page_right="see_scores")
def _(world: World, actor: User, relation: str) -> Request:
    draft = records.version(actor, kind="score", terms=SCORE_TERMS)
    return Request(reverse("score_model", args=[draft.agreement.key]), {"draft": "1"}, draft)


def _proposal_of(actor: User) -> Any:
    return records.version(actor)  # what the request will draft, for the declaration to judge


@door(agreeing.PROPOSE_VERSION, "open_agreement", note="at once")
def _(world: World, actor: User, relation: str) -> Request:
    return Request(reverse("open_agreement") + "?kind=term", OPENING, _proposal_of(actor))


@door(agreeing.PROPOSE_VERSION, "api-versions-list", note="at once")
def _(world: World, actor: User, relation: str) -> Request:
    return Request(reverse("api-versions-list"), NEW, _proposal_of(actor))


@door(agreeing.PROPOSE_VERSION, "answer_version:propose", relations=RELATIONS)
def _(world: World, actor: User, relation: str) -> Request:
    draft = records.version(world.colleague(actor, relation))
    return Request(reverse("answer_version", args=[draft.pk, "propose"]), None, draft)


@door(agreeing.PROPOSE_VERSION, "api-versions-propose", relations=RELATIONS)
def _(world: World, actor: User, relation: str) -> Request:
    draft = records.version(world.colleague(actor, relation))
    return Request(reverse("api-versions-propose", args=[draft.pk]), None, draft)


@door(agreeing.PROPOSE_VERSION, "propose_scores", page_right="see_scores")
def _(world: World, actor: User, relation: str) -> Request:
    return Request(
        reverse("propose_scores"), {"door": "mql"}, records.version(actor, kind="score", terms={"door": "pql"})
    )


@door(agreeing.PROPOSE_VERSION, "score_model_back", is_quiet=True, page_right="see_scores")
def _(world: World, actor: User, relation: str) -> Request:
    draft = records.version(actor, kind="score", terms=SCORE_TERMS)
    return Request(reverse("score_model_back", args=[draft.agreement.key, 1]), None, draft)


ANSWERS = (
    ("sign", agreeing.SIGN_VERSION, None),
    ("dispute", agreeing.DISPUTE_VERSION, {"reason": "Too vague."}),
    ("withdraw", agreeing.WITHDRAW_VERSION, None),
)
for verb, action, data in ANSWERS:
    for address in (f"answer_version:{verb}", f"api-versions-{verb}"):

        @door(action, address, relations=RELATIONS)
        def _(
            world: World, actor: User, relation: str, verb: str = verb, data: Any = data, address: str = address
        ) -> Request:  # type: ignore[assignment]
            found = records.version(world.colleague(actor, relation), is_proposed=True)
            is_api = address.startswith("api-")
            url = reverse(address, args=[found.pk]) if is_api else reverse("answer_version", args=[found.pk, verb])
            return Request(url, data, found)


for address in ("answer_version:withdraw", "api-versions-withdraw"):

    @door(agreeing.WITHDRAW_VERSION, address, relations=RELATIONS, note="a draft")
    def _(world: World, actor: User, relation: str, address: str = address) -> Request:  # type: ignore[assignment]
        found = records.version(world.colleague(actor, relation))
        is_api = address.startswith("api-")
        url = reverse(address, args=[found.pk]) if is_api else reverse("answer_version", args=[found.pk, "withdraw"])
        return Request(url, None, found)


for address in ("answer_version:decide", "api-versions-decide"):

    @door(agreeing.DECIDE_DISPUTE, address, relations=(OWN, OTHER))
    def _(world: World, actor: User, relation: str, address: str = address) -> Request:  # type: ignore[assignment]
        found = records.dispute(world.people[Role.CRO], world.whose(actor, relation))
        is_api = address.startswith("api-")
        pk = found.version_id
        url = reverse(address, args=[pk]) if is_api else reverse("answer_version", args=[pk, "decide"])
        return Request(url, {"decision": "for", "ruling": "Precise enough."}, found)


plain(
    agreeing.NAME_SIGNATORY, "signatories",
    lambda world: {"seat": "marketing", "person": world.people[Role.MARKETER].pk},
)  # fmt: skip

# Scores

plain(scoring.LEARN_SCORES, "learn", {"source": "nowhere"}, is_quiet=True)
plain(scoring.LEARN_SCORES, "api-score-learned-list", {"source": "nowhere"}, is_quiet=True)
plain(
    scoring.LEARN_SCORES, "learned_to_draft", None, lambda world: [Learning.objects.create(key="l").pk], is_quiet=True
)
plain(
    scoring.PROVE_SCORES, "score_proof_again", None,
    lambda world: [
        records.version(world.people[Role.CMO], is_proposed=True, kind="score", terms=SCORE_TERMS).agreement.key
    ], is_quiet=True,
)  # fmt: skip

# What Sales says of leads

NOTE = {"criterion": "", "note": "A student", "after": "recycled", "return_on": today(30)}
TOMORROW = (timezone.now() + timedelta(days=1)).isoformat()


def on_handoff(action: Action, address: str, data: Any = None, **fields: Any) -> None:
    """Declare a door to something that is said of a lead that was handed over."""

    @door(action, address, relations=RELATIONS)
    def build(world: World, actor: User, relation: str) -> Request:
        found = records.handoff(world.owner(world.whose(actor, relation)), **fields)
        name, _, verb = address.partition(":")
        sent = data(world, found) if callable(data) else data
        if name == "api-verdicts-list":
            return Request(reverse(name), {"handoff": found.pk, **sent}, found)
        return Request(reverse(name, args=[found.pk, verb] if verb else [found.pk]), sent, found)


PAUSED = {"paused_at": timezone.now(), "paused_until": timezone.now() + timedelta(days=2), "pause_reason": "On holiday"}
on_handoff(selling.ACCEPT_LEAD, "inbox_accept")
on_handoff(selling.ACCEPT_LEAD, "api-verdicts-list:accepted", {"answer": "accepted"})
on_handoff(selling.REJECT_LEAD, "inbox_form:reject", NOTE)
on_handoff(selling.REJECT_LEAD, "api-verdicts-list:rejected", {"answer": "rejected", "note": "A student"})
on_handoff(selling.RATE_LEAD, "inbox_rate", {"rating": "3"})
on_handoff(selling.RATE_LEAD, "api-handoffs-rate", {"rating": 3})
on_handoff(selling.LOG_ACTIVITY, "inbox_form:call", {"kind": "call", "outcome": "Voicemail"})
on_handoff(selling.LOG_ACTIVITY, "api-handoffs-calls", {"kind": "call"})
on_handoff(selling.PAUSE_CLOCK, "inbox_form:pause", {"until": today(3), "reason": "On holiday"})
on_handoff(selling.PAUSE_CLOCK, "api-handoffs-pause", {"until": TOMORROW, "reason": "On holiday"})
on_handoff(selling.RESUME_CLOCK, "inbox_resume", **PAUSED)
on_handoff(selling.RESUME_CLOCK, "api-handoffs-resume", **PAUSED)


def to_another_person(name: str) -> Callable[[World, HandOff], dict[str, Any]]:
    def data(world: World, handoff: HandOff) -> dict[str, Any]:
        other = next(one for one in world.reports.values() if world.owner(one) != handoff.to_owner)
        return {"reason": "On leave", name: world.owner(other).pk}

    return data


on_handoff(selling.PASS_LEAD_ON, "inbox_form:pass", to_another_person("to"))
on_handoff(selling.PASS_LEAD_ON, "api-handoffs-reroute", to_another_person("owner"))


def on_verdict(action: Action, address: str, data: Any = None, **fields: Any) -> None:
    @door(action, address, relations=RELATIONS)
    def build(world: World, actor: User, relation: str) -> Request:
        giver = world.whose(actor, relation)
        found = records.verdict(world.owner(giver), giver, **fields)
        sent = data(found) if callable(data) else data
        takes_key = address in {"answer_verdicts", "api-answers-list"}
        return Request(reverse(address, args=[] if takes_key else [found.pk]), sent, found)


SETTLED = {"settled_at": timezone.now()}
on_verdict(selling.UNDO_VERDICT, "inbox_undo")
on_verdict(selling.UNDO_VERDICT, "api-verdicts-undo")
on_verdict(selling.CONTEST_VERDICT, "contest_verdict", {"words": "It fits."}, **SETTLED)
on_verdict(selling.CONTEST_VERDICT, "api-verdicts-contest", {"words": "It fits."}, **SETTLED)
on_verdict(
    selling.ANSWER_VERDICT, "answer_verdicts", lambda one: {"verdicts": str(one.pk), "words": "Done."}, **SETTLED
)
on_verdict(selling.ANSWER_VERDICT, "api-answers-list", lambda one: {"verdicts": [one.pk], "words": "Done."}, **SETTLED)

for address in ("rule_verdict", "api-contests-rule"):

    @door(selling.RULE_ON_CONTEST, address, relations=(OWN, OTHER))
    def _(world: World, actor: User, relation: str, address: str = address) -> Request:  # type: ignore[assignment]
        arbiter = world.whose(actor, relation)
        found = records.contest(world.owner(world.stranger), world.people[Role.CMO], arbiter)
        return Request(reverse(address, args=[found.pk]), {"decision": "upheld", "ruling": "Sales is right."}, found)


# Buyers

WAYS = (
    ("", "inquiry"),
    ("inquiry", "mql"),
    ("mql", "sal"),
    ("mql", "inquiry"),
    ("sal", "recycled"),
    ("sql", "won"),
    ("won", "live"),
)
for before, after in WAYS:
    for address in ("move_buyer", "api-moves-list") if after in {"mql", "sal"} else ("api-moves-list",):

        @door(selling.MOVE_BUYER, address, relations=RELATIONS, note=f"{before or 'no stage'} to {after}")
        def _(
            world: World, actor: User, relation: str, before: str = before, after: str = after, address: str = address
        ) -> Request:  # type: ignore[assignment]
            buyer = records.lead(world.owner(world.whose(actor, relation)), before)
            step = selling.ManualMove(buyer, in_force().get(before), in_force().get(after))  # type: ignore[arg-type]
            said = {"stage": after, "override": "She told me"}
            if address == "move_buyer":
                return Request(reverse(address, args=["lead", buyer.pk]), said, step)
            return Request(reverse(address), {"lead": buyer.pk, **said}, step)


for address in ("spot", "api-enquiries-list"):

    @door(selling.SPOT_OPPORTUNITY, address, relations=RELATIONS)
    def _(world: World, actor: User, relation: str, address: str = address) -> Request:  # type: ignore[assignment]
        buyer = records.lead(world.owner(world.whose(actor, relation)))
        if address == "spot":
            return Request(reverse(address, args=["lead", buyer.pk]), {"need": "A press"}, buyer)
        return Request(reverse(address), {"lead": buyer.pk, "need": "A press"}, buyer)


for address in ("content_use", "api-content_uses-list"):

    @door(selling.NOTE_CONTENT_USE, address, relations=RELATIONS)
    def _(world: World, actor: User, relation: str, address: str = address) -> Request:  # type: ignore[assignment]
        buyer = records.lead(world.owner(world.whose(actor, relation)))
        asset = make.record(crm.ContentAsset, name="Paper")
        if address == "content_use":
            return Request(reverse(address, args=[buyer.pk]), {"asset": asset.pk}, buyer)
        return Request(reverse(address), {"lead": buyer.pk, "asset": asset.pk}, buyer)


# Who gets leads

RULE = {"name": "Everybody", "how": "everybody", "is_active": "on"}


def rule(world: World) -> RoutingRule:
    RoutingRule.objects.create(name="First", how="lead_owner", position=5)
    RoutingRule.objects.create(name="Last", how="everybody", position=20)
    return RoutingRule.objects.create(name="A rule", how="everybody")


def rule_pk(world: World) -> list[int]:
    return [rule(world).pk]


def owner_pk(world: World) -> int:
    return world.owner(world.stranger).pk


plain(selling.MANAGE_ROUTING, "new_routing_rule", RULE)
plain(selling.MANAGE_ROUTING, "routing_rule", RULE, rule_pk)
for verb in ("up", "down", "remove"):
    plain(selling.MANAGE_ROUTING, f"change_routing:{verb}", lambda world: {"rule": rule(world).pk}, [verb])
plain(selling.MANAGE_ROUTING, "change_routing:default", None, ["default"])
plain(
    selling.MANAGE_ROUTING,
    "change_routing:capacity",
    lambda world: {"owner": owner_pk(world), "per_day": "5"},
    ["capacity"],
)
plain(selling.MANAGE_ROUTING, "api-routing_rules-list", {"name": "All", "how": "everybody"})
plain(selling.MANAGE_ROUTING, "PUT api-routing_rules-detail", {"name": "All", "how": "everybody"}, rule_pk)
plain(selling.MANAGE_ROUTING, "DELETE api-routing_rules-detail", None, rule_pk)
plain(selling.MANAGE_ROUTING, "api-routing_rules-move", {"direction": "earlier"}, rule_pk)
plain(selling.MANAGE_ROUTING, "api-capacities-list", lambda world: {"owner": owner_pk(world), "per_day": 5})


def on_absence(address: str, *, is_over: bool) -> None:
    @door(selling.MANAGE_ABSENCE, address, relations=RELATIONS)
    def build(world: World, actor: User, relation: str) -> Request:
        owner = world.owner(world.whose(actor, relation))
        days = {"owner": owner.pk, "starts_on": today(1), "ends_on": today(5)}
        name, _, verb = address.split(" ")[-1].partition(":")
        if not is_over:
            return Request(reverse(name, args=[verb] if verb else []), days, owner)
        absence = Absence.objects.create(owner=owner, starts_on=today(1), ends_on=today(5), noted_by=actor)
        if verb:
            return Request(reverse(name, args=[verb]), {"absence": absence.pk}, owner)
        return Request(reverse(name, args=[absence.pk]), None, owner)


on_absence("change_routing:away", is_over=False)
on_absence("change_routing:back", is_over=True)
on_absence("api-absences-list", is_over=False)
on_absence("DELETE api-absences-detail", is_over=True)


# Rounds of questions

INVITED = {side: [f"{side} {number}" for number in range(5)] for side in ("marketing", "sales")}


def round_pk(world: World) -> list[int]:
    opened = Round.objects.create(name="Open", created_by=world.people[Role.OPS], closes_on=today(5))
    Invitation.objects.create(round=opened, side="sales", person="karl@example.com")
    return [opened.pk]


plain(
    asking.OPEN_ROUND,
    "new_round",
    {
        "name": "New",
        "closes_on": today(5),
        "minimum": "5",
        **{f"{side}_others": "\n".join(people) for side, people in INVITED.items()},
    },
)
plain(asking.OPEN_ROUND, "api-rounds-list", {"name": "New", "closes_on": today(5), **INVITED})
for verb in ("close", "links", "remind"):
    plain(asking.OPEN_ROUND, "round_links" if verb == "links" else f"{verb}_round", args=round_pk)
    plain(asking.OPEN_ROUND, f"api-rounds-{verb}", args=round_pk)
