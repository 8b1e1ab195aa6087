"""A set of leads never seen before, from the file to the draft: imported by hand, learned, proven on what was held out."""

from pathlib import Path
from typing import Any

from django.test import Client
from django.urls import reverse

from agreements.models import Version
from core.work import State, run_claimed
from crm.models import Lead
from facts.refresh import refresh
from imports.models import CustomField
from scoring.learned.result import Result
from scoring.learned.work import request_learning, result_of
from scoring.model_checks import find_faults
from scoring.models import Learning
from team.models import User
from tests.imports.test_mapping_page import form, page
from tests.imports.test_review import go, hold
from tests.scoring.learned.lead_set import LEAKS, write

ROWS = 1_200
SOURCE = "web-shop"
HONEST = {f"custom.{name}" for name in ("Total Time Spent on Website", "Lead Origin", "TotalVisits", "City")}


def upload_file(client: Client, user: User, path: Path) -> None:
    """Import a file as the page does: what it proposes is what is sent back."""
    file = hold({path.name: path.read_bytes()}, user=user).files.get()
    assert client.post(page(file), form(file)).status_code == 302
    go(file.run, user)
    refresh()


def learned(row: Learning) -> Result:
    done = run_claimed(Learning, row.pk, budget=1e9)
    assert isinstance(done, Learning)
    assert done.state == State.DONE, done.last_error
    found = result_of(done)
    assert found
    return found


def fields_of(found: Result) -> set[str]:
    return {rule["rule"]["field"] for rule in found.terms["fit"].values()}


def test_a_set_never_seen_before_is_learned_without_writing_code(
    tmp_path: Path, ops: User, cmo: User, as_user: Any
) -> None:
    client = as_user(ops)
    assert "No data to learn from" in client.get(reverse("learned_models")).content.decode()
    upload_file(client, ops, write(tmp_path / "leads.csv", ROWS))
    assert Lead.objects.filter(source=SOURCE, is_converted=True, created_at=None).count() > ROWS / 4
    assert CustomField.objects.get(kind="lead", key="TotalVisits").type == "number"

    asked = client.post(reverse("learn"), {"source": ""})
    waiting = client.get(asked["Location"]).content.decode()
    assert "The model is being learned" in waiting
    row = Learning.objects.get()
    found = learned(row)
    assert not found.is_dated
    assert (found.verdict.kind, found.held_out and found.held_out.n) == ("works", round(ROWS * 0.3))
    evidence = found.evidence
    assert evidence
    assert evidence.calibration
    assert evidence.auc is not None
    assert evidence.auc > 0.72
    assert evidence.calibration.brier < evidence.calibration.base_brier * 0.9
    named = {one["field"] for one in found.suspects}
    assert {f"custom.{name}" for name in LEAKS} <= named
    assert not named & HONEST
    assert not fields_of(found) & named
    assert find_faults(found.terms) == []
    assert all(isinstance(rule["points"], int) and rule["points"] for rule in found.terms["fit"].values())

    shown = client.get(reverse("learned_models")).content.decode()
    for words in ("held out at random", "Tags", "Brier", "Create a draft", found.rules[0].name):
        assert words in shown
    assert client.post(reverse("learned_to_draft", args=[row.pk])).status_code == 302
    version = Version.objects.get(agreement__kind="score")
    assert (version.state, version.terms["threshold"]) == ("draft", found.terms["threshold"])
    assert version.evidence["auc"] == evidence.auc
    assert "held out at random" in version.reason
    client.post(reverse("learned_to_draft", args=[row.pk]))
    assert Version.objects.count() == 1

    again = learned(request_learning(by=cmo, put_back=["custom.Tags"]))
    assert again.put_back == ["custom.Tags"]
    assert "custom.Tags" in fields_of(again)
    assert again.evidence
    assert (again.evidence.auc or 0) > evidence.auc + 0.05
    assert "Included by a user" in client.get(reverse("learned_models")).content.decode()


def test_on_noise_it_says_that_the_score_does_not_work_and_offers_no_draft(
    tmp_path: Path, ops: User, as_user: Any
) -> None:
    client = as_user(ops)
    upload_file(client, ops, write(tmp_path / "leads.csv", 700, is_noise=True))
    row = request_learning(by=ops)
    found = learned(row)
    assert found.verdict.kind == "chance"
    assert [one["field"] for one in found.suspects] == []
    shown = client.get(reverse("learned_models")).content.decode()
    assert "This score does not work" in shown
    assert "Create a draft" not in shown
    client.post(reverse("learned_to_draft", args=[row.pk]))
    assert not Version.objects.exists()
