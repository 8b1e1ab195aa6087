"""In a restricted company no one reads, counts or infers a buyer that is not theirs: every page, every address, every cut."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from django.http.response import HttpResponseBase
from django.test import Client, override_settings
from django.urls import URLPattern, URLResolver, get_resolver

from crm import models as crm
from kpis.dimensions import CUSTOM
from kpis.grains import GRAINS
from kpis.registry import Metric
from team.access import has_right
from team.models import Company
from tests.access.seen import EVERYBODY, NOBODY, OTHERS, OWNERS, READABLE, SEEN, UNNAMED, WORKED, Seen
from tests.access.world import World, amount_of, canary
from tests.kpis.ask_metric import shapes

pytestmark = pytest.mark.django_db
LIMITED = ("rep", "support", "marketer")
MARKS = re.compile(rb"[.,\s'\xa0]|\xe2\x80[\xaf\x89]|\xc2\xa0")


@pytest.fixture(autouse=True, scope="module")
def own_folders(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """All tests of the module read one copy of the facts."""
    folder: Path = tmp_path_factory.mktemp("seen")
    names = {"FACTS_DIR": str(folder / "facts"), "SCORES_DIR": folder / "scores", "PROOFS_DIR": folder / "proofs"}
    hashers = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    static = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    files = {"default": {"BACKEND": "django.core.files.storage.FileSystemStorage"}, "staticfiles": static}
    with override_settings(**names, MEDIA_ROOT=str(folder / "up"), PASSWORD_HASHERS=hashers, STORAGES=files):
        yield


@pytest.fixture(scope="module")
def world(own_folders: None, django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    with django_db_blocker.unblock(), transaction.atomic():
        cache.clear()
        yield World()
        transaction.set_rollback(True)


def names(patterns: list[Any], space: str = "") -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from names(pattern.url_patterns, f"{pattern.namespace}:" if pattern.namespace else space)
        elif isinstance(pattern, URLPattern) and str(pattern.pattern) not in UNNAMED:
            yield f"{space}{pattern.name}"


def signed_in(world: World, role: str) -> Client:
    client = Client(raise_request_exception=True)
    client.force_login(world.people[role], backend="django.contrib.auth.backends.ModelBackend")
    return client


def body(answer: HttpResponseBase) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]


def leaks(role: str, text: bytes) -> list[str]:
    """Return whose buyers the text tells of that the role may not read."""
    bare = MARKS.sub(b"", text)
    amounts = {whose: str(int(amount_of(whose))).encode() for whose in OWNERS}
    return [
        whose
        for whose in OWNERS
        if whose not in READABLE[role] and (canary(whose).encode() in text or amounts[whose] in bare)
    ]


def addresses(world: World, seen: Seen) -> Iterator[tuple[str, str]]:
    """Yield each address with whose buyer it asks for: of a record everyone's, else that of a colleague out of reach."""
    for address in seen.addresses:
        for whose in OWNERS if seen.is_record else ("other",):
            yield address.format(**world.named(whose)), whose


def test_every_address_stands_in_the_table() -> None:
    known = {name for name in names(get_resolver().url_patterns) if not name.startswith(OTHERS)}
    assert known == set(SEEN)


@pytest.mark.parametrize("role", READABLE)
def test_every_page_and_address_shows_a_role_its_own_buyers_alone(world: World, role: str) -> None:
    client, user, wrong = signed_in(world, role), world.people[role], []
    for name, seen in SEEN.items():
        if seen.right == NOBODY:
            continue
        is_open = not seen.is_record and (seen.right == EVERYBODY or has_right(user, seen.right))
        if is_open and role not in LIMITED:
            continue  # nothing is hidden from them, and tests/e2e opens each page that their role is offered
        for address, whose in addresses(world, seen):
            for headers in ({}, {"HX-Request": "true"}) if is_live(address) else ({},):
                answer = client.get(address, headers=headers)
                if found := leaks(role, body(answer)):
                    wrong.append(f"{address} tells of {found}")
                if seen.right != EVERYBODY and not has_right(user, seen.right):
                    expected = {403}
                elif seen.is_record:
                    is_readable = whose in (WORKED if seen.is_work else READABLE)[role]
                    expected = {200, *([403] if seen.is_action else [])} if is_readable else {404}
                else:
                    expected = {200, 204, 302, 400, 403, 404}
                if answer.status_code not in expected:
                    wrong.append(f"{name}: {address} answers {answer.status_code}, not {expected}")
    assert not wrong, "\n".join(wrong)


def is_live(address: str) -> bool:
    """Whether htmx asks for a part of the page."""
    return address.startswith(
        ("/funnel/?period=all&by", "/leads/", "/accounts/", "/verdicts/", "/inbox/", "/metrics/leads/?period=all&by")
    )


def cuts(metric: Metric) -> list[str]:
    """Return the dimensions of the metric, one grain for all."""
    own = [f"{CUSTOM}mobile"] if metric.has_custom else []
    return [*(name for name in metric.dimensions if name not in GRAINS or name == "day"), *own]


def one_of_each_table() -> list[Metric]:
    return list({metric.tables: metric for metric in shapes() if len(metric.tables) == 1}.values())


def test_no_table_by_any_of_its_dimensions_tells_of_a_buyer_that_is_not_ones_own(world: World) -> None:
    client, wrong = signed_in(world, "rep"), []
    for metric in one_of_each_table():
        for by in cuts(metric):
            answer = client.get(f"/api/v1/metrics/{metric.key}/", {"by": by})
            assert answer.status_code in {200, 400}, (metric.key, by, answer.content)
            if found := leaks("rep", answer.content):
                wrong.append(f"{metric.key} by {by} tells of {found}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("role", ["support", "marketer"])
@pytest.mark.parametrize("by", [f"{CUSTOM}mobile", "account", "lead_source"])
def test_no_role_reads_others_columns_in_any_metric(world: World, role: str, by: str) -> None:
    client, wrong = signed_in(world, role), []
    for metric in shapes():
        if by in cuts(metric):
            answer = client.get(f"/api/v1/metrics/{metric.key}/", {"by": by})
            wrong += [f"{metric.key} tells of {found}" for found in leaks(role, answer.content)]
    assert not wrong, "\n".join(wrong)


def test_what_is_ones_own_is_told(world: World) -> None:
    client = signed_in(world, "rep")
    text = client.get("/metrics/leads/?period=all&by=custom.mobile").content.decode()
    assert f"{canary('rep')}-mobile" in text
    assert f"{canary('peer')}-mobile" in text
    assert canary("other") not in text


def test_a_filter_by_a_buyers_own_words_does_not_say_whether_there_is_such_a_buyer(world: World) -> None:
    client = signed_in(world, "support")
    there = client.get("/api/v1/metrics/leads/", {"where": f"custom.mobile:{canary('other')}-mobile"}).json()
    not_there = client.get("/api/v1/metrics/leads/", {"where": "custom.mobile:no such"}).json()
    assert there["n"] == not_there["n"] == 0
    assert there["readable_only"] is not_there["readable_only"] is True


def test_who_reads_every_buyer_reads_their_columns(world: World) -> None:
    parts = signed_in(world, "cro").get("/api/v1/metrics/leads/?by=custom.mobile").json()["parts"]
    assert {part["label"] for part in parts} >= {f"{canary(whose)}-mobile" for whose in OWNERS}


def test_in_an_open_company_everyone_reads_every_buyers_columns(world: World) -> None:
    with transaction.atomic():
        Company.objects.update(visibility=Company.Visibility.OPEN)
        parts = signed_in(world, "support").get("/api/v1/metrics/leads/?by=custom.mobile").json()["parts"]
        transaction.set_rollback(True)
    assert {part["label"] for part in parts} >= {f"{canary(whose)}-mobile" for whose in OWNERS}


@pytest.mark.parametrize("role", LIMITED)
def test_drafts_are_read_by_their_author_and_their_side(world: World, role: str) -> None:
    client = signed_in(world, role)
    pages = ["/agreements/", "/agreements/?q=ZqDraft", "/api/v1/agreements/", "/api/v1/versions/"]
    is_shown = [b"ZqDraftCanary" in client.get(page).content for page in pages]
    assert is_shown == [role == "marketer"] * len(pages)
    for page in (f"/agreements/{world.shared['agreement']}/", f"/api/v1/versions/{world.shared['version']}/"):
        assert client.get(page).status_code == (200 if role == "marketer" else 404)


@pytest.mark.parametrize("role", LIMITED)
def test_score_models_are_read_by_those_with_the_right_alone(world: World, role: str) -> None:
    client = signed_in(world, role)
    pk = world.signed.agreement_id
    pages = [
        "/scores/",
        "/scores/leads/",
        "/agreements/?kind=score",
        f"/agreements/{pk}/",
        f"/api/v1/agreements/{pk}/",
        "/api/v1/versions/",
    ]
    is_shown = [b"ZqScoreCanary" in client.get(page).content for page in pages]
    assert is_shown == [role == "marketer"] * len(pages)


@pytest.mark.parametrize("setting", Company.Achievement.values)
def test_the_funnel_by_owner_shows_the_achievement_that_the_company_has_decided(world: World, setting: str) -> None:
    client, owners = signed_in(world, "rep"), {whose: world.ids[whose]["owners"] for whose in OWNERS}
    shown = {whose: crm.Owner.objects.get(pk=pk).name for whose, pk in owners.items()}
    with transaction.atomic():
        Company.objects.update(achievement=setting, visibility=Company.Visibility.OPEN)
        page = client.get("/funnel/?period=all&by=owner").content.decode()
        filtered = {whose: client.get(f"/funnel/?period=all&owner={pk}").status_code for whose, pk in owners.items()}
        drilled = client.get(f"/funnel/leads/?period=all&stage=inquiry&owner={owners['other']}").status_code
        transaction.set_rollback(True)
    allowed = {"everybody": set(OWNERS), "team": {"rep"}, "leaders": set()}[setting]
    assert {whose for whose, name in shown.items() if f">{name}<" in page} == allowed
    assert filtered == {whose: 200 if whose in allowed else 403 for whose in OWNERS}
    assert drilled == (200 if "other" in allowed else 403)


def test_every_page_of_numbers_asks_for_its_reader() -> None:
    """No page and no address of the API asks the company's figures past `kpis.visibility`."""
    root = Path(__file__).parents[2] / "kpis"
    pages = [
        root / name
        for name in ("api.py", "dashboard.py", "drill.py", "metric_page.py", "metric_views.py", "views.py", "cards.py")
    ]
    asking = [
        page.name
        for page in pages
        if re.search(r"from kpis\.compute import .*\b(compute|trend|compare|answer)\b", page.read_text())
    ]
    assert asking == []
    assert all(page.exists() for page in pages)
