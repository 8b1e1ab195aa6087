"""The proof page put together: which version, against which, of which leads, and what is said of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.http import Http404
from django.urls import reverse

from agreements.models import Agreement, Version
from agreements.queries import STATES
from facts.rules import list_conditions
from scoring.definitions import of_version
from scoring.descriptions import terms_in_words
from scoring.model_checks import find_faults
from scoring.proof import charts, cuts
from scoring.proof.evidence import Evidence, Segment
from scoring.proof.measures import ENOUGH, Band
from scoring.proof.outcomes import SEGMENTS
from scoring.proof.validation import ProofStatus, proof_status
from scoring.proof.verdict import (
    KINDS,
    Verdict,
    drift_words,
    judge_evidence,
    monotone_words,
    segment_kind,
    verdict_words,
)  # fmt: skip
from team.models import User


@dataclass(frozen=True)
class Question:
    """What is asked: one version, perhaps another beside it, of all leads or those of one value of a segment."""

    version: Version
    against: Version | None
    by: str
    value: str
    reader: User

    def query(self, **other: Any) -> str:
        """Write it as an address, with some parts changed; None leaves a part out."""
        parts = {
            "version": self.version.number, "against": self.against and self.against.number,
            "by": self.by, "is": self.value, **other,
        }  # fmt: skip
        return urlencode({name: part for name, part in parts.items() if part not in (None, "")})


def parse_question(given: Mapping[str, str], agreement: Agreement, reader: User) -> Question:
    """Read the address.

    Raises:
        Http404: the version or segment does not exist.
    """
    versions = list(agreement.versions.readable_by(reader).select_related("agreement").prefetch_related("disputes"))
    by = given.get("by", "")
    if not versions or (by and by not in cuts.cut_names(reader)):
        raise Http404("This version or segment does not exist.")
    requested = _version_by_number(versions, given.get("version", ""))
    first = requested or next((version for version in versions if version.state == "in_force"), versions[0])
    against = _version_by_number(versions, given.get("against", ""))
    return Question(first, against if against != first else None, by, given.get("is", "") if by else "", reader)


def _version_by_number(versions: list[Version], number: str) -> Version | None:
    if not number:
        return None
    match = next((version for version in versions if str(version.number) == number), None)
    if match is None:
        raise Http404(f"Version {number} does not exist.")
    return match


@dataclass(frozen=True)
class Line:
    """A band with the address of its leads."""

    band: Band
    name: str
    leads: str
    holds_threshold: bool = False

    @property
    def per_lead(self) -> float | None:
        return self.band.revenue / self.band.n if self.band.n else None


@dataclass(frozen=True)
class Part:
    """One value of a segment with its own page."""

    segment: Segment
    address: str

    @property
    def badge(self) -> tuple[str, str]:
        return KINDS[segment_kind(self.segment)]


class Side:
    """One version on the page: how its proof stands, and what is said of the leads asked about."""

    def __init__(self, version: Version, question: Question) -> None:
        self.version, self.question = version, question
        self.words = terms_in_words(version.terms)

    @cached_property
    def status(self) -> ProofStatus:
        return proof_status(self.version)

    @cached_property
    def evidence(self) -> Evidence | None:
        finished = self.status.finished
        if finished is None or not self.question.value:
            return self.status.evidence
        return cuts.evidence_of(finished, self.question.by, self.question.value, self.question.reader)

    @cached_property
    def verdict(self) -> Verdict | None:
        return judge_evidence(self.evidence) if self.evidence else None

    @property
    def state(self) -> str:
        return STATES[self.version.state][0].lower()

    @property
    def lines(self) -> list[Line]:
        """The bands, the best-scored first."""
        if self.evidence is None:
            return []
        top = self.evidence.bands[-1:]
        return [self._make_line(band, band in top) for band in reversed(self.evidence.bands)]

    def _make_line(self, band: Band, is_top: bool) -> Line:
        address = reverse("score_proof_leads", args=[self.version.agreement.key])
        upto = None if is_top else band.high
        query = self.question.query(version=self.version.number, against=None, upto=upto, **{"from": band.low})
        at = self.evidence.at.threshold if self.evidence else None
        holds = at is not None and band.low <= at and (at < band.high or (is_top and at == band.high))
        return Line(band, charts.score_range(band), f"{address}?{query}", holds)


class Page(Side):
    """The whole page."""

    def __init__(self, question: Question) -> None:
        super().__init__(question.version, question)
        self.other = Side(question.against, question) if question.against else None

    @property
    def enough(self) -> int:
        return ENOUGH

    @property
    def sides(self) -> list[Side]:
        return [self, *([self.other] if self.other else [])]

    @property
    def highest(self) -> float:
        """Where the bars of the bands end: the most that chance allows any of them."""
        bands = self.evidence.bands if self.evidence else []
        return max((band.interval[1] for band in bands if band.interval), default=1.0)

    @property
    def is_waiting(self) -> bool:
        """Whether something is being made that the page waits for."""
        pending = [side.status.pending for side in self.sides]
        return any(proof is not None and not proof.is_over for proof in pending)

    @cached_property
    def drawn(self) -> list[charts.Chart]:
        evidence = self.evidence
        if evidence is None or self.verdict is None or not self.verdict.is_proven:
            return []
        against = self.other.evidence if self.other else None
        name = f"Version {self.version.number}" if against else "This version"
        other = f"Version {self.other.version.number}" if self.other else ""
        drawn = [
            charts.rates_chart(evidence), charts.gains_chart(evidence, against, name, other), charts.reliability_chart(evidence), charts.revenue_chart(evidence),
        ]  # fmt: skip
        return [chart for chart in drawn if chart]

    @cached_property
    def drift(self) -> tuple[charts.Chart, ...]:
        return charts.drift_charts(self.evidence) if self.evidence else ()

    @property
    def drift_words(self) -> str:
        return drift_words(self.evidence) if self.evidence else ""

    @property
    def monotone_words(self) -> str:
        return monotone_words(self.evidence) if self.evidence else ""

    @property
    def said_words(self) -> str:
        return verdict_words(self.evidence) if self.evidence else ""

    @property
    def by(self) -> str:
        """The segment that is looked at: the one asked for, else where leads come from."""
        return self.question.by or next(iter(SEGMENTS))

    @cached_property
    def parts(self) -> list[Part]:
        finished = self.status.finished
        if finished is None:
            return []
        segments = cuts.segments_of(finished, self.by, self.question.reader)
        return [Part(segment, self.question.query(by=self.by, **{"is": segment.value})) for segment in segments]

    @cached_property
    def choices(self) -> dict[str, str]:
        return cuts.cut_names(self.question.reader)

    @property
    def own_cuts(self) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        """The segments, and whatever else leads can be separated by."""
        choices = list(self.choices.items())
        return choices[: len(SEGMENTS)], choices[len(SEGMENTS) :]

    @property
    def cut_name(self) -> str:
        return self.choices.get(self.by, self.by)

    @property
    def suspects(self) -> list[dict[str, Any]]:
        """The fields that may contain the outcome, those that this version asks about first."""
        suspects = self.status.finished.suspects if self.status.finished else []
        marked = [{**suspect, "is_used": suspect["field"] in self.asks_about} for suspect in suspects]
        return sorted(marked, key=lambda suspect: not suspect["is_used"])

    @property
    def asks_about(self) -> set[str]:
        """The fields of leads that rules of the version name."""
        if find_faults(self.version.terms):
            return set()
        model = of_version(self.version)
        return {
            leaf["field"]
            for rule in (model.leads, *(fit_rule.rule for fit_rule in model.fit))
            for leaf in list_conditions(rule)
        }

    @property
    def comparison(self) -> str:
        """Say which of the two tells leads apart better, if one can tell."""
        mine, other = self.evidence, self.other.evidence if self.other else None
        if not self.other or mine is None or other is None or not (mine.is_enough and other.is_enough):
            return ""
        if mine.auc_low is None or mine.auc_high is None or other.auc_low is None or other.auc_high is None:
            return ""
        names = f"Version {self.version.number}", f"Version {self.other.version.number}"
        if mine.auc_low > other.auc_high:
            return f"{names[0]} tells leads apart better than {names[1].lower()}, beyond chance."
        if other.auc_low > mine.auc_high:
            return f"{names[1]} tells leads apart better than {names[0].lower()}, beyond chance."
        return "Neither separates leads significantly better: their intervals overlap."
