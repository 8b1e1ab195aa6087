"""The tags and filters of every page."""

import json
import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.paginator import Paginator
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import timezone

from core.charts import Chart
from core.number_locale import use_locale


def rendered(template: str, **context: Any) -> str:
    return Template(template).render(Context(context))


def test_filters_write_numbers() -> None:
    written = rendered(
        '{{ m|short_money:"EUR" }}|{{ n|short_number }}|{{ r|percent }}|{{ d|days }}',
        m=24_738_112,
        n=150,
        r=1.1667,
        d=14,
    )
    assert written.replace("\u00a0", "_") == "€24.7M|150|117%|14_days"


def test_a_number_carries_the_exact_one_in_its_title() -> None:
    written = rendered('{% number v "money" "EUR" %}', v=24_738_112)
    assert 'title="24,738,112.00 EUR"' in written
    assert '€24.7<span class="unit">M</span>' in written


def test_a_number_is_escaped() -> None:
    assert "<b>" not in rendered('{% number v "money" c %}', v=1, c="<b>")


def test_a_moment_has_its_zone() -> None:
    with timezone.override(ZoneInfo("Europe/Berlin")):
        assert (
            rendered("{{ t|moment }}", t=datetime(2026, 11, 22, 2, 2, tzinfo=UTC)) == "Nov 22, 2026, 3:02\u202fAM CET"
        )
    assert rendered("{{ t|moment }}", t=None) == "–"


def test_a_side_has_its_colour_and_its_name() -> None:
    assert rendered('{% side_badge "marketing" %}') == '<span class="badge side-marketing">Marketing</span>'


def test_a_link_to_a_page_that_is_not_there_is_empty() -> None:
    assert rendered('{% link_to "account_login" as url %}{{ url }}') == "/accounts/login/"
    assert rendered('{% link_to "no_such_page" as url %}[{{ url }}]') == "[]"


def months_chart(**fields: Any) -> Chart:
    trace = {"type": "bar", "name": "Revenue", "x": ["Jan", "Feb"], "y": [1_400_000, None]}
    return Chart(
        **{
            "name": "revenue",
            "title": "January earned €1.4M",
            "figure": {"data": [trace]},
            "unit": "money",
            "currency": "EUR",
            **fields,
        }
    )


def test_a_chart_brings_its_figure_its_words_and_its_numbers() -> None:
    page = rendered("{% chart c %}", c=months_chart(summary="Revenue by month"))
    figure = re.search(r'<script id="revenue-figure" type="application/json">(.*?)</script>', page)
    assert figure
    assert json.loads(figure[1])["data"][0]["y"] == [1_400_000, None]
    assert 'role="img" aria-label="Revenue by month"' in page
    assert 'data-value="1400000" title="1,400,000.00 EUR">€1.4M' in page
    assert 'data-value="">–</td>' in page


def test_a_chart_writes_hover_numbers_with_the_signs_of_the_locale_and_its_csv_for_machines() -> None:
    with use_locale("de_DE"):
        page = rendered("{% chart c %}", c=months_chart())
    figure = re.search(r'<script id="revenue-figure" type="application/json">(.*?)</script>', page)
    assert figure
    assert json.loads(figure[1])["layout"]["separators"] == ",."
    assert 'data-value="1400000" title="1.400.000,00 EUR">1,4\u00a0Mio.\u00a0€' in page


def test_the_unit_of_a_number_is_set_apart() -> None:
    with use_locale("de_DE"):
        assert '24,7<span class="unit">\u00a0Mio.\u00a0€</span>' in rendered(
            '{% number v "money" "EUR" %}', v=24_738_112
        )
        assert ">1.234<span" not in rendered("{% number v %}", v=1234)
        assert rendered('{{ v|decimal:2 }} {{ v|decimal:"-2" }} {{ v|decimal }}', v=2.5) == "2,50 2,5 2,5"


def test_a_bare_figure_is_a_chart_too() -> None:
    page = rendered(
        '{% chart f name="plain" title="Two months" %}',
        f={"data": [{"type": "bar", "name": "N", "x": ["a"], "y": [3]}]},
    )
    assert 'data-chart="plain-figure"' in page
    assert 'data-value="3"' in page


def test_a_sparkline_of_one_value_is_nothing() -> None:
    assert "<svg" not in rendered("{% sparkline v %}", v=[3])
    line = rendered('{% sparkline v side="sales" label="By month" %}', v=[1, None, 3, 2])
    assert 'class="sparkline side-sales"' in line
    assert 'd="M' in line
    assert line.count("M") == 2  # the missing month breaks the line


@pytest.mark.parametrize(("value", "width"), [(3, "100.0"), (1.5, "50.0"), (9, "100.0")])
def test_a_bar_is_a_share_of_the_largest(value: float, width: str) -> None:
    assert f'<rect width="{width}"' in rendered("{% bar v 3 %}", v=value)


@pytest.mark.parametrize(("value", "largest"), [(None, 3), (0, 3), (1, 0), (1, None), (-1, 3)])
def test_no_value_draws_no_bar(value: Any, largest: Any) -> None:
    assert "<rect" not in rendered("{% bar v l %}", v=value, l=largest)


def test_the_pager_keeps_the_rest_of_the_address() -> None:
    request = RequestFactory().get("/leads/?by=owner&page=2")
    html = render_to_string(
        "components/pager.html", {"page": Paginator(range(60), 25).page(2), "what": "leads"}, request
    )
    assert "26–50 of 60 leads" in html
    assert 'href="?by=owner&amp;page=3"' in html
    assert 'href="?by=owner&amp;page=1"' in html
