"""Each detector alerts on a small case of what it looks for, and is silent on its healthy and on its empty twin."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command

from agreements.models import Agreement, Version
from alarms.context import Context
from alarms.documentation import detectors_as_markdown
from alarms.judges import Watch, judge
from alarms.models import DetectorSetup
from alarms.registry import Detector, Finding, declared_detectors
from alarms.restated.models import ComparedSet, Restatement
from connectors.models import Connector
from kpis.models import Benchmark
from kpis.registry import get_metric
from team.models import Company, Role, User
from tests.alarms.detector_cases import CASES, TODAY, Tables, visits
from tests.alarms.records import reject_leads
from tests.kpis.memory_facts import MemoryFacts

pytestmark = pytest.mark.django_db
DETECTORS = {detector.key: detector for detector in declared_detectors()}
BY_METRIC_OR_FACTS = sorted(CASES)


def look(key: str, tables: Tables | None = None, setup: DetectorSetup | None = None) -> tuple[Context, Finding]:
    context = Context(MemoryFacts(**tables or {}), TODAY, "EUR")  # type: ignore[arg-type]
    return context, judge(context, Watch(DETECTORS[key], setup))


@pytest.fixture(autouse=True)
def benchmark(company: Company) -> None:
    Benchmark.objects.filter(metric="smroi").delete()
    Benchmark.objects.create(metric="smroi", value=Decimal("1.52"), label="Peers", dated_on=date(2014, 12, 31))
    company.currency = "EUR"
    company.save()


@pytest.mark.parametrize("key", BY_METRIC_OR_FACTS)
def test_it_alerts_on_what_it_looks_for_and_not_on_the_healthy_twin(key: str) -> None:
    bad, healthy = CASES[key]
    judged = look(key, bad)[1].judgement
    assert judged.is_bad
    assert judged.p_value is None or judged.p_value < 0.05
    calm = look(key, healthy)[1].judgement
    assert calm.has_data
    assert not calm.is_bad


@pytest.mark.parametrize("key", sorted(DETECTORS))
def test_an_empty_company_has_no_data_and_a_reason(key: str) -> None:
    judged = look(key)[1].judgement
    assert not judged.is_bad
    assert judged.has_data or judged.reason
    if key in CASES:
        assert not judged.has_data


@pytest.mark.parametrize("key", BY_METRIC_OR_FACTS)
def test_an_alarm_links_to_what_it_rests_on(key: str) -> None:
    evidence = look(key, CASES[key][0])[1].evidence
    assert evidence
    assert all(each.url.startswith("/") and each.label for each in evidence)


def test_the_records_behind_a_share_are_the_bad_ones() -> None:
    _, finding = look("leads_never_followed_up", CASES["leads_never_followed_up"][0])
    assert finding.evidence[0].url.startswith("/metrics/never_followed_up/records/?from=2026-08")
    assert finding.evidence[0].count == 10
    assert look("sla_breaches", CASES["sla_breaches"][0])[1].evidence[0].count == 20


@pytest.mark.parametrize("detector", DETECTORS.values(), ids=DETECTORS)
def test_a_declaration_is_whole(detector: Detector) -> None:
    assert detector.remedy.endswith(".")
    assert detector.looks_for.startswith(("Alerts when", "Tells "))
    assert detector.owner in Role
    assert not detector.yields_to or detector.yields_to in DETECTORS
    for metric in filter(None, (detector.metric, detector.records)):
        assert get_metric(metric).better != "up" or detector.rule.bad == "down"  # type: ignore[union-attr]


def test_a_plan_decides_how_many_visits_are_too_many() -> None:
    assert (
        look("visits_over_plan", visits(60))[1].judgement.reason == "No limit: the planned number of visits is not set."
    )
    limit = DetectorSetup(key="visits_over_plan", limit=Decimal(8))
    assert look("visits_over_plan", visits(60), limit)[1].judgement.is_bad
    assert not look("visits_over_plan", visits(30), limit)[1].judgement.is_bad


def test_smroi_costs_what_the_benchmark_would_have_brought() -> None:
    context, finding = look("smroi_under_benchmark", CASES["smroi_under_benchmark"][0])
    cost = DETECTORS["smroi_under_benchmark"].cost
    assert cost
    money = cost.estimate(context, finding)
    assert money
    assert (money.low, money.middle, money.high) == (Decimal("35"), Decimal("35"), Decimal("35"))


def test_the_campaign_with_more_leads_costs_what_was_spent_on_it() -> None:
    context, finding = look("campaigns_upside_down", CASES["campaigns_upside_down"][0])
    cost = DETECTORS["campaigns_upside_down"].cost
    assert finding.sentence == "“Pink” brought 50% more leads than “Blue”, but only 20% of its revenue."
    assert cost
    assert cost.estimate(context, finding).middle == 700  # type: ignore[union-attr]


def propose(kind: str, days_ago: int = 0, *, number: int = 1, user: User, **fields: Any) -> Version:
    agreement, _ = Agreement.objects.get_or_create(kind=kind, key="one", defaults={"title": kind})
    proposed = datetime.combine(TODAY - timedelta(days=days_ago), datetime.min.time(), Company.get().zone)
    return Version.objects.create(
        agreement=agreement, number=number, text="Text", drafted_by=user, proposed_by=user, proposed_at=proposed,
        sides=agreement.sides, **fields,
    )  # fmt: skip


def test_an_agreement_without_a_signature_alerts_after_two_weeks(cmo: User) -> None:
    version = propose("message", days_ago=5, user=cmo)
    assert not look("agreements_unsettled")[1].judgement.is_bad
    Version.objects.filter(pk=version.pk).delete()
    propose("message", days_ago=20, user=cmo)
    finding = look("agreements_unsettled")[1]
    assert finding.judgement.is_bad
    assert finding.sentence == "To settle: 1 agreement unsigned for 14 days."


def test_a_connector_that_was_switched_off_alerts(company: Company) -> None:
    connector = Connector.objects.create(
        source="pipedrive", name="Pipedrive", base_url="https://x.example", method="token"
    )
    assert not look("imports_failing")[1].judgement.is_bad
    connector.trouble = "The token was refused."
    connector.save()
    finding = look("imports_failing")[1]
    assert finding.judgement.is_bad
    assert finding.sentence == "Data do not arrive: 1 connector not working."


def test_rejections_that_no_one_answers_alert(cmo: User) -> None:

    reject_leads(12, days_ago=30, answered=9, by=cmo)
    assert not look("criticism_unanswered", {"verdicts": [{}]})[1].judgement.is_bad
    reject_leads(12, days_ago=30, answered=0, by=cmo)
    finding = look("criticism_unanswered", {"verdicts": [{}]})[1]
    assert finding.judgement.is_bad
    assert finding.judgement.n == 24


def test_a_settled_figure_that_changed_is_told_for_a_week(company: Company) -> None:
    assert look("history_restated")[1].judgement.reason == "No figures have been compared with earlier ones yet."
    moment = datetime(2026, 11, 20, 5, tzinfo=UTC)
    ComparedSet.objects.create(as_of=moment, local_day=moment.date())
    assert not look("history_restated")[1].judgement.is_bad
    Restatement.objects.create(
        metric="revenue", starts_on=date(2026, 8, 1), ends_on=date(2026, 8, 31), before=10, after=12,
        before_as_of=moment - timedelta(days=1), after_as_of=moment,
    )  # fmt: skip
    Restatement.objects.update(detected_at=moment)
    assert look("history_restated")[1].sentence == "1 settled figure has changed in the last 7 days."
    Restatement.objects.update(detected_at=moment - timedelta(days=9))
    assert not look("history_restated")[1].judgement.is_bad


def test_the_documentation_has_every_detector(capsys: pytest.CaptureFixture[str]) -> None:
    table = detectors_as_markdown()
    text = (Path(settings.BASE_DIR) / "docs/alarms.md").read_text()
    assert table in text, "Write what `manage.py list_detectors` prints into docs/alarms.md."
    call_command("list_detectors")
    assert capsys.readouterr().out.strip() == table
