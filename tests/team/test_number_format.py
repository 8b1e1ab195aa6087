"""The company's number format reaches pages and tasks; the API writes one format for machines."""

from datetime import date
from typing import Any

import pytest
from celery import shared_task
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse

from core.api.views import ApiResponseMixin
from core.date_formatting import format_day
from core.formatting import format_count
from core.number_locale import DEFAULT_LOCALE, current_locale, use_locale
from team.middleware import NumberFormatMiddleware
from team.models import Company, User
from team.setup import new_token

pytestmark = pytest.mark.django_db


@pytest.fixture
def german(company: Company) -> Company:
    company.number_format = "de_DE"
    company.save()
    return company


@shared_task(name="tests.write_number")
def write_number(fails: bool = False) -> str:
    if fails:
        raise ValueError(format_count(1234567))
    return format_count(1234567)


def test_a_request_writes_in_the_companys_format_and_leaves_none_behind(german: Company, ops: User) -> None:
    request = RequestFactory().get("/")
    request.user = ops
    answer = NumberFormatMiddleware(lambda _: HttpResponse(format_count(1234567)))(request)
    assert answer.content == b"1.234.567"
    assert current_locale() == DEFAULT_LOCALE


def test_a_visitor_reads_the_companys_format_and_a_page_without_numbers_asks_for_none(
    german: Company, django_assert_num_queries: Any
) -> None:
    request = RequestFactory().get("/")
    answer = NumberFormatMiddleware(lambda _: HttpResponse(format_day(date(2026, 11, 3))))(request)
    assert answer.content.decode() == "3. Nov. 2026"
    with django_assert_num_queries(0):
        NumberFormatMiddleware(lambda _: HttpResponse("Nothing to count"))(request)


def test_an_export_writes_one_format(german: Company) -> None:
    request = RequestFactory().get("/metrics/won_revenue/", {"format": "csv"})
    answer = NumberFormatMiddleware(lambda _: HttpResponse(format_count(1234567)))(request)
    assert answer.content == b"1,234,567"


def test_a_task_writes_in_the_companys_format_and_leaves_none_behind(german: Company) -> None:
    assert write_number.apply().result == "1.234.567"
    assert str(write_number.apply(kwargs={"fails": True}).result) == "1.234.567"
    assert current_locale() == DEFAULT_LOCALE


def test_the_api_writes_one_format(german: Company) -> None:
    class Base:
        def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> str:
            return format_count(1234567)

    class View(ApiResponseMixin, Base):
        pass

    with use_locale("de_DE"):
        assert View().dispatch(HttpRequest()) == "1,234,567"  # type: ignore[comparison-overlap]


def test_a_new_company_writes_as_in_the_united_states(company: Company) -> None:
    assert company.number_format == "en_US"


def test_setting_up_proposes_the_format_of_the_browser(client: Client) -> None:
    new_token()
    page = client.get(reverse("setup"), headers={"Accept-Language": "de-AT,de;q=0.9"})
    assert '<option value="de_AT" selected>' in page.content.decode()


def test_the_company_page_changes_the_format_and_refuses_another(as_user: Any, ops: User, company: Company) -> None:
    client = as_user(ops)
    form = {
        "name": "Nordlicht AG", "currency": "EUR", "time_zone": "UTC", "visibility": "open", "achievement": "everybody",
        "nightly_time": "03:00",
    }  # fmt: skip
    client.post(reverse("company"), {**form, "number_format": "de_DE"})
    assert Company.objects.get().number_format == "de_DE"
    assert "number_format" in client.post(reverse("company"), {**form, "number_format": "tlh"}).context["form"].errors
    client.post(reverse("company"), form)
    assert Company.objects.get().number_format == "de_DE"
