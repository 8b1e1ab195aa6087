"""How long one look at 10,000 open clocks takes: what beat does every 30 seconds, with nothing else running.

All 10,000 leads are with 50 reps of five calendars. Measured are the look that opens them all, one in which nothing is
due, one in which a hundred clocks ring, and one in which every clock that is left rings at once. The goal: the
look in which a hundred ring takes under a second.
"""

import statistics
import time
from datetime import datetime, timedelta
from pathlib import Path

from django.db import connection
from django.utils import timezone

from benchmarks.imports import bench_database
from benchmarks.result import Result

CLOCKS, REPS, RINGING, GOAL_SECONDS = 10_000, 50, 100, 1.0
FILL = f"""
INSERT INTO crm_lead (source, external_id, name, created_at) SELECT 'bench', n, 'Lead ' || n, now() - interval '30 days' FROM generate_series(1, {CLOCKS}) n;
INSERT INTO funnel_move (lead_id, stage, entered_at)
SELECT id, 'mql', %(start)s::timestamptz + (row_number() OVER (ORDER BY id) / {RINGING}) * interval '1 minute' FROM crm_lead;
INSERT INTO crm_activity (source, external_id, kind, status, lead_id, owner_id, happened_at)
SELECT 'bench', n, 'Call', 'Completed', (SELECT min(id) FROM crm_lead) + n %% {CLOCKS}, (SELECT min(id) FROM crm_owner), %(start)s::timestamptz - interval '1 day'
FROM generate_series(1, {CLOCKS} * 5) n;
ANALYZE crm_lead; ANALYZE funnel_move; ANALYZE crm_activity; ANALYZE crm_owner;
"""


def run(rows: int, rounds: int, folder: Path) -> Result:
    """Measure; the number of rows is that of the goal, whatever is asked."""
    with bench_database():
        start = _build_company()
        opened = _time_tick(start + timedelta(minutes=CLOCKS // RINGING + 1))
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE funnel_handoff")
        quiet = [_time_tick(start + timedelta(hours=2, seconds=turn)) for turn in range(rounds)]
        due = start + timedelta(hours=4)  # every minute a hundred clocks are due
        ringing = [_time_tick(due + timedelta(minutes=turn + 1)) for turn in range(rounds)]
        rang = _count_breached()
        all_at_once = _time_tick(start + timedelta(hours=7))
    median = statistics.median(ringing)
    notes: dict[str, float | int | str] = {
        "open clocks": CLOCKS,
        "seconds in which all were opened and routed": round(opened, 2),
        "seconds with nothing due": " ".join(f"{seconds:.2f}" for seconds in quiet),
        f"seconds with {RINGING} ringing": " ".join(f"{seconds:.2f}" for seconds in ringing),
        "clocks that rang in those": rang,
        "seconds with all the others ringing at once": round(all_at_once, 2),
    }
    return Result("clocks", CLOCKS / median, CLOCKS / GOAL_SECONDS, "clocks/s", 1.0, notes)


def _time_tick(moment: datetime) -> float:
    from funnel.handoffs.clock_tick import tick_clocks

    begun = time.perf_counter()
    tick_clocks(moment)
    return time.perf_counter() - begun


def _count_breached() -> int:
    from funnel.models import HandOff

    return HandOff.objects.filter(breached_at__isnull=False).count()


def _build_company() -> datetime:
    """An SLA that both sides signed yesterday, reps of five teams with hours of their own, and the leads."""
    from agreements import actions
    from agreements.models import Version
    from crm.models import Owner
    from team.models import Calendar, Role, User

    monday = timezone.now().replace(hour=6, minute=0, second=0, microsecond=0) - timedelta(
        days=timezone.now().weekday()
    )
    week = {str(day): [["00:00", "00:00"]] for day in range(7)}
    cmo = User.objects.create_user("cmo@example.com", role=Role.CMO)
    cro = User.objects.create_user("cro@example.com", role=Role.CRO)
    for number in range(5):
        calendar = Calendar.objects.create(name=f"Team {number}", week=week, closed_days=[f"2020-01-0{number + 1}"])
        head = User.objects.create_user(f"head{number}@example.com", role=Role.REP, manager=cro, calendar=calendar)
        for seat in range(REPS // 5):
            rep = User.objects.create_user(f"rep{number}.{seat}@example.com", role=Role.REP, manager=head)
            Owner.objects.create(source="bench", external_id=rep.email, name=rep.email, user=rep)
    terms = {
        "stage": "mql",
        "response": 4,
        "response_unit": "hours",
        "warn_share": 95,
        "reroute": 40,
        "reroute_unit": "hours",
    }
    version = actions.propose_version(
        by=cmo, version=actions.draft_version(by=cmo, kind="sla", key="mql", text="Soon.", terms=terms)
    )
    actions.sign_version(by=cro, version=version)
    Version.objects.filter(pk=version.pk).update(in_force_at=monday - timedelta(days=1))
    with connection.cursor() as cursor:
        cursor.execute(FILL, {"start": monday})
    return monday
