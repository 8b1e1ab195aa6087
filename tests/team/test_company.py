"""What the company decides about itself, its market, and what people say about themselves."""

from datetime import date, time, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from team import actions, tokens
from team.forms import daily_cron, daily_time
from team.models import ApiToken, Company, Territory, User
from tests import make

SETTINGS = {
    "name": "Nordlicht AG",
    "currency": "chf",
    "time_zone": "Europe/Zurich",
    "visibility": "restricted",
    "achievement": "team",
    "nightly_time": "02:30",
    "nightly_cron": "",
}


@pytest.mark.parametrize(
    ("line", "at"),
    [("0 3 * * *", time(3)), ("30 23 * * *", time(23, 30)), ("0 3 * * 1-5", None), ("*/5 3 * * *", None), ("", None)],
)
def test_a_daily_rhythm_is_shown_as_a_time(line: str, at: time | None) -> None:
    assert daily_time(line) == at
    if at:
        assert daily_cron(at) == line


@pytest.mark.django_db
def test_ops_sets_the_company(as_user: Any, ops: User) -> None:
    assert as_user(ops).post(reverse("company"), SETTINGS).status_code == 302
    company = Company.get()
    assert (company.name, company.currency, company.time_zone) == ("Nordlicht AG", "CHF", "Europe/Zurich")
    assert (company.visibility, company.achievement, company.nightly_at) == ("restricted", "team", "30 2 * * *")


@pytest.mark.django_db
def test_ops_sets_how_touches_are_credited(as_user: Any, ops: User) -> None:
    chosen = {"attribution_model": "markov", "journey_basis": "person", "attribution_half_life": "14"}
    assert as_user(ops).post(reverse("company"), {**SETTINGS, **chosen}).status_code == 302
    company = Company.get()
    assert (company.attribution_model, company.journey_basis, company.attribution_half_life) == ("markov", "person", 14)
    assert not company.counts_incoming_activities


@pytest.mark.django_db
def test_another_rhythm_stands_when_it_is_written(as_user: Any, ops: User) -> None:
    as_user(ops).post(reverse("company"), {**SETTINGS, "nightly_cron": " 15  4 * * 1-5 "})
    assert Company.get().nightly_at == "15 4 * * 1-5"
    form = as_user(ops).get(reverse("company")).context["form"]
    assert form["nightly_cron"].value() == "15 4 * * 1-5"
    as_user(ops).post(reverse("company"), {**SETTINGS, "nightly_time": "", "nightly_cron": "15 5 * * 1-5"})
    assert Company.get().nightly_at == "15 5 * * 1-5"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"currency": "EURO"}, "currency"),
        ({"currency": "E1"}, "currency"),
        ({"time_zone": "CETT"}, "time_zone"),
        ({"visibility": "closed"}, "visibility"),
        ({"nightly_cron": "every night"}, "nightly_cron"),
        ({"nightly_cron": "0 0 31 2 *"}, "nightly_cron"),
        ({"nightly_time": ""}, "nightly_time"),
        ({"nightly_time": "25:00"}, "nightly_time"),
    ],
)
def test_what_is_written_wrongly_is_said_and_nothing_changes(
    as_user: Any, ops: User, changes: dict[str, str], field: str
) -> None:
    answer = as_user(ops).post(reverse("company"), {**SETTINGS, **changes})
    assert answer.status_code == 200
    assert field in answer.context["form"].errors
    assert Company.get().name == "Testing Ltd"


@pytest.mark.django_db
def test_territories_nest_but_not_in_themselves(as_user: Any, ops: User) -> None:
    client = as_user(ops)
    client.post(reverse("add_territory"), {"name": "Europe", "parent": ""})
    europe = Territory.objects.get()
    client.post(reverse("add_territory"), {"name": "Iberia", "parent": europe.pk})
    iberia = Territory.objects.get(name="Iberia")
    assert iberia.parent == europe
    answer = client.post(reverse("territory", args=[europe.pk]), {"name": "Europe", "parent": iberia.pk})
    assert answer.status_code == 200
    assert "part of itself" in answer.content.decode()
    assert Territory.objects.get(name="Europe").parent is None
    europe.parent = europe
    with pytest.raises(ValidationError):
        actions.save_territory(by=ops, territory=europe)


@pytest.mark.django_db
def test_a_territory_goes_only_when_nothing_lies_within_it(as_user: Any, ops: User, rep: User) -> None:
    europe = make.territory(name="Europe")
    iberia = make.territory(name="Iberia", parent=europe)
    User.objects.filter(pk=rep.pk).update(territory=iberia)
    client = as_user(ops)
    page = client.post(reverse("remove_territory", args=[europe.pk]), follow=True)
    assert "Move them first" in page.content.decode()
    client.post(reverse("remove_territory", args=[iberia.pk]))
    assert list(Territory.objects.all()) == [europe]
    assert User.objects.get(pk=rep.pk).territory is None


@pytest.mark.django_db
def test_everyone_writes_their_own_name_and_zone_and_nothing_else(as_user: Any, rep: User) -> None:
    client = as_user(rep)
    client.post(reverse("me"), {"name": "Rita Roe", "time_zone": "Asia/Tokyo", "role": "ops", "email": "x@example.com"})
    rep.refresh_from_db()
    assert (rep.name, rep.time_zone, rep.role, rep.email) == ("Rita Roe", "Asia/Tokyo", "rep", "rep@example.com")
    assert client.post(reverse("me"), {"name": "", "time_zone": "Nowhere"}).status_code == 200


@pytest.mark.django_db
def test_a_token_is_shown_once_and_works_until_it_is_revoked(as_user: Any, rep: User, client: Any) -> None:
    mine = as_user(rep)
    page = mine.post(reverse("my_tokens"), {"name": "Report", "scopes": ["read"], "days": "30"})
    secret, token = page.context["secret"], ApiToken.objects.get()
    assert secret in page.content.decode()
    assert "no-store" in page.headers["Cache-Control"]
    assert (token.owner, token.name, token.scopes) == (rep, "Report", ["read"])
    assert timedelta(days=29) < token.expires_at - timezone.now() <= timedelta(days=30)
    assert secret not in mine.get(reverse("my_tokens")).content.decode()
    assert token.digest == tokens.hash_secret(secret)

    bearer = {"HTTP_AUTHORIZATION": f"Bearer {secret}"}
    program = type(client)()
    assert program.get("/api/v1/accounts/", **bearer).status_code == 200
    mine.post(reverse("revoke_token", args=[token.pk]))
    assert program.get("/api/v1/accounts/", **bearer).status_code == 401


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "", "scopes": ["read"], "days": "30"},
        {"name": "x", "scopes": [], "days": "30"},
        {"name": "x", "scopes": ["admin"], "days": "30"},
        {"name": "x", "scopes": ["read"], "days": "9999"},
    ],
)
def test_no_token_without_purpose_scope_and_end(as_user: Any, rep: User, wrong: dict[str, Any]) -> None:
    assert as_user(rep).post(reverse("my_tokens"), wrong).status_code == 200
    assert not ApiToken.objects.exists()


@pytest.mark.django_db
def test_no_one_sees_or_revokes_anothers_token(as_user: Any, rep: User, ops: User) -> None:
    token, _ = tokens.create_token(owner=ops, name="The night’s report")
    client = as_user(rep)
    assert client.post(reverse("revoke_token", args=[token.pk])).status_code == 404
    assert token.name not in client.get(reverse("my_tokens")).content.decode()
    token.refresh_from_db()
    assert token.revoked_at is None


def test_a_request_asks_for_the_company_once(company: Company, django_assert_num_queries: Any) -> None:
    with Company.cached():
        with django_assert_num_queries(1):
            assert Company.get() == Company.get()
        changed = Company.get()
        changed.name = "Not saved"
        assert Company.get().name != "Not saved"
        changed.save()
        assert Company.get().name == "Not saved"
    with django_assert_num_queries(2):
        Company.get()
        Company.get()


@pytest.mark.django_db
def test_ops_sets_the_fiscal_year(as_user: Any, ops: User) -> None:
    fiscal = {"fiscal_first_month": "7", "fiscal_year_name": "end"}
    assert as_user(ops).post(reverse("company"), {**SETTINGS, **fiscal}).status_code == 302
    assert Company.get().fiscal_calendar.year(2026).start == date(2025, 7, 1)


@pytest.mark.django_db
def test_the_first_day_of_a_year_of_weeks_must_follow_its_rule(as_user: Any, ops: User) -> None:
    weeks = {"fiscal_week_start": "2025-01-19", "fiscal_week_end": "nearest"}
    page = as_user(ops).post(reverse("company"), {**SETTINGS, **weeks})
    assert "that fiscal year begins on" in page.content.decode()
    assert Company.get().fiscal_week_start is None
