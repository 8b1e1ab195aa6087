"""How AppLexus pays its reps: the plan in force, and the one that Sales proposes, whose cap pays for closing deals late."""

from datetime import date, datetime, time, timedelta
from typing import Any

from agreements.models import Agreement, Entry, Signature, Version
from kpis.agreements import PAY_PLAN
from revops.demo.records.agreements import CRO, NOON, Paper, write_papers
from revops.demo.story import CURRENCY
from team.models import Side, User

KEY, TITLE = "sales", "Pay plan of Sales"
TEXT = "A rep earns variable pay by reaching the quota. Under half of it nothing is paid; above it each point counts double."
TERMS: dict[str, Any] = {
    "variable_pay": "50000", "currency": CURRENCY, "period": "quarter", "threshold": "50", "accelerator": "2",
    "weight_volume": "100", "credit": "net",
}  # fmt: skip
PROPOSED_TEXT = "Every deal pays from the first one, with a cap. New products count of their own, and each deal of 20,000 or more brings a bonus."
PROPOSED_TERMS: dict[str, Any] = {
    "variable_pay": "50000", "currency": CURRENCY, "period": "quarter", "accelerator": "1.5", "cap": "200",
    "weight_volume": "85", "weight_new_products": "15", "credit": "net", "deal_bonus": "400", "deal_bonus_from": "20000",
}  # fmt: skip
REASON = "The threshold leaves reps of small territories without pay, and without a cap a few earn most of it."
AGE = timedelta(days=4)


def sign_pay_plan(users: dict[str, User], today: date) -> None:
    """Write the plan signed two years ago, and the proposal of Sales that Marketing has not signed yet."""
    paper = Paper(PAY_PLAN, KEY, TITLE, TEXT, TERMS, date(today.year - 2, 1, 2), Side.SALES)
    if write_papers([paper], users):
        _propose_change(users[CRO], datetime.combine(today - AGE, time(NOON.hour), NOON.tzinfo))


def _propose_change(cro: User, moment: datetime) -> None:
    agreement = Agreement.objects.get(kind=PAY_PLAN, key=KEY)
    version = agreement.versions.create(
        number=2, text=PROPOSED_TEXT, terms=PROPOSED_TERMS, reason=REASON, drafted_by=cro, proposed_by=cro, proposed_at=moment,
        sides=agreement.sides,
    )  # fmt: skip
    Version.objects.filter(pk=version.pk).update(drafted_at=moment)
    Signature.objects.bulk_create([Signature(version=version, side=Side.SALES, signed_by=cro, signed_at=moment)])
    history = [("drafted", f"{cro} drafted version 2."), ("proposed", f"{cro} proposed version 2."),
             ("signed", f"{cro} signed version 2 for Sales.")]  # fmt: skip
    Entry.objects.bulk_create(
        Entry(agreement=agreement, version=version, verb=verb, actor=cro, words=text, written_at=moment)
        for verb, text in history
    )
