"""The verdict in words: whether a score works, or why that cannot be said yet. Pure."""

from dataclasses import dataclass

from core.formatting import format_count, format_decimal, format_percent, format_significant
from scoring.proof.evidence import Evidence, Segment, format_span_key
from scoring.proof.measures import ENOUGH

WEAK = 0.6  # an AUC below it helps a little
KINDS = {
    "works": ("Works", "is-met"), "weak": ("Helps a little", "is-warning"), "chance": ("No better than chance", "is-alarm"),
    "backwards": ("Works backwards", "is-alarm"), "few": ("Too early to say", ""), "undated": ("No proof", "is-warning"),
    "nothing": ("Nothing to judge", ""),
}  # fmt: skip
NOT_PROVEN = {"few", "nothing"}


@dataclass(frozen=True)
class Verdict:
    """One sentence, what kind it is, and what else must be known with it."""

    kind: str
    sentence: str
    more: tuple[str, ...] = ()

    @property
    def badge(self) -> tuple[str, str]:
        return KINDS[self.kind]

    @property
    def is_proven(self) -> bool:
        """Whether the figures may be shown as saying something."""
        return self.kind not in NOT_PROVEN


def judge_evidence(evidence: Evidence) -> Verdict:
    if not evidence.n:
        return Verdict("nothing", "There is no data to validate this score yet.", tuple(_missing_words(evidence)))
    if not evidence.is_enough:
        return Verdict("few", _too_few(evidence), tuple(_missing_words(evidence)))
    kind, sentence = _judge_auc(evidence)
    more = [*_describe_falls(evidence), *_too_recent_words(evidence)]
    if not evidence.has_dates:
        undated = (
            "Most of these leads have no date, so their current score is compared with their outcome. It may include "
            "later information, so the figures are an upper limit.",
        )
        return Verdict(
            "undated",
            "This is an indication, not a validation: the hand-off dates of these leads are missing.",
            (sentence, *undated, *more),
        )
    return Verdict(kind, sentence, tuple(more))


def _judge_auc(evidence: Evidence) -> tuple[str, str]:
    low, high, area = evidence.auc_low, evidence.auc_high, evidence.auc
    assert low is not None
    assert high is not None
    assert area is not None
    figures = (
        f"AUC {format_decimal(area, 2)}, between {format_decimal(low, 2)} and {format_decimal(high, 2)}; 0.50 is chance"
    )
    if low <= 0.5 <= high:
        return "chance", (
            f"This score does not work: it separates the leads that {goal_verb(evidence)} from the others no better than chance ({figures})."
        )
    if high < 0.5:
        return (
            "backwards",
            f"This score is inverted: the higher it is, the fewer leads {goal_verb(evidence)} ({figures}).",
        )
    calibration = evidence.calibration
    # its probabilities are no better than giving every lead the average
    is_miscalibrated = calibration is not None and calibration.brier >= calibration.base_brier
    is_weak = area < WEAK or not evidence.rises or is_miscalibrated
    kind, how = ("weak", "helps a little") if is_weak else ("works", "works")
    return kind, f"This score {how}: {_describe_top(evidence)}."


def goal_verb(evidence: Evidence) -> str:
    return "were won" if evidence.goal == "won" else "converted"


def _describe_top(evidence: Evidence) -> str:
    band = evidence.top
    assert band is not None
    verb = "is won" if evidence.goal == "won" else "converts"
    share = band.n / evidence.n
    name = "top tenth" if 0.08 <= share <= 0.12 else f"top {format_percent(share)}"
    return f"the {name} {verb} {format_decimal(band.lift or 0, 1)} times as often as the average"


def _too_few(evidence: Evidence) -> str:
    won, others = evidence.missing_won, evidence.missing_others
    if won:
        wins = "wins" if evidence.goal == "won" else "conversions"
        return f"Too early to say whether this score works: {evidence.won} of the {ENOUGH} {wins} needed are known, {won} are still missing."
    return f"Too early to say whether this score works: of the {ENOUGH} leads needed that came to nothing, {others} are still missing."


def _missing_words(evidence: Evidence) -> list[str]:
    """What would let a verdict be given, and when that may be."""
    sentences = _too_recent_words(evidence)
    pace = _wins_a_month(evidence)
    if evidence.missing_won and pace >= 1:
        months = -(-evidence.missing_won // pace)
        sentences.append(
            f"At the pace of the last months, about {format_count(pace)} a month, that takes {format_count(months)} months more."
        )
    if not evidence.n:
        sentences.append(
            "It is judged by leads that it scores, with a hand-off, an opportunity or a day of creation, and a known end."
        )
    return sentences


def _wins_a_month(evidence: Evidence) -> float:
    """Wins a month, by the leads of the last half year or so."""
    lately = evidence.spans[-2:] if any("Q" in span.key for span in evidence.spans) else evidence.spans[-6:]
    months = sum(3 if "Q" in span.key else 1 for span in lately)
    return sum(span.won for span in lately) / months if months else 0.0


def _too_recent_words(evidence: Evidence) -> list[str]:
    if not evidence.too_recent or not evidence.has_dates:
        return []
    return [
        f"Of all leads, {format_count(evidence.too_recent)} came within the last {evidence.maturity_days} days and are left out, the won "
        "with the others: nine of ten wins take up to that long."
    ]


def _describe_falls(evidence: Evidence) -> list[str]:
    """Whether more points mean more wins all the way up."""
    return [
        f"From {format_significant(low.low, 4)} to {format_significant(high.high, 4)} points it falls: leads of {format_significant(high.low, 4)} points and more end well in "
        f"{format_percent(high.rate)} of cases, those just below in {format_percent(low.rate)}."
        for low, high in evidence.falls
    ]


def monotone_words(evidence: Evidence) -> str:
    if evidence.auc_low is None or evidence.auc_low <= 0.5:
        return "More points do not mean more wins."
    if not evidence.falls:
        return "More points mean more wins all the way up, within the limits of chance."
    return "More points do not always mean more wins."


def segment_kind(segment: Segment) -> str:
    if not segment.is_enough or segment.low is None or segment.high is None or segment.auc is None:
        return "few"
    if segment.low <= 0.5 <= segment.high:
        return "chance"
    if segment.high < 0.5:
        return "backwards"
    return "weak" if segment.auc < WEAK else "works"


def drift_words(evidence: Evidence) -> str:
    """Whether the score does as well on the later half of the leads as on the earlier one."""
    if len(evidence.halves) < 2:
        return "The period is too short to see whether the score changes over time."
    early, late = evidence.halves
    figures = (
        f"AUC {format_decimal(late.auc, 2)} since {format_span_key(late.first)}, {format_decimal(early.auc, 2)} before"
    )
    if late.high < early.low:
        return f"It has become worse: {figures}."
    if late.low > early.high:
        return f"It has become better: {figures}."
    return f"It works as well now as before: {figures}."


def verdict_words(evidence: Evidence) -> str:
    verdicts = evidence.said
    if verdicts is None:
        return "Sales has given no verdict on these leads yet."
    if verdicts.rate_over is None or verdicts.rate_under is None:
        where = "at the threshold or over it" if verdicts.over else "under the threshold"
        return f"All {format_count(verdicts.n)} leads with a verdict lie {where}; Sales accepted {format_percent(verdicts.rate_over or verdicts.rate_under)} of them."
    return (
        f"Sales accepted {format_percent(verdicts.rate_over)} of the leads at the threshold or over it, and {format_percent(verdicts.rate_under)} "
        f"of those under it ({format_count(verdicts.n)} verdicts)."
    )
