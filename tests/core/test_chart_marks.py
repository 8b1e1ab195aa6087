"""What happened on a day stands on a chart as a line with a letter, in its list, its table and its saved files."""

from dataclasses import replace
from datetime import date, timedelta

from core.chart_marks import MOST_DRAWN, MOST_HOVER_LINES, ChartMarks, Mark, MarkedUnit, MarkKind, limit_marks
from core.charts import Chart

NOTE = MarkKind("note", "N", "Note", "notes", rank=2, most=20)
CAMPAIGN = MarkKind("campaign", "C", "Campaign", "campaigns", rank=3, most=2)
DAY = date(2025, 3, 5)
CHART = Chart(
    "leads", "Leads", {"data": [{"name": "Leads", "x": ["Jan", "Feb"], "y": [1, 2]}], "layout": {"yaxis": {"a": 1}}}
)


def unit(name: str, *marks: Mark) -> MarkedUnit:
    return MarkedUnit(name, name, marks)


def test_marks_of_one_unit_are_joined_in_one_line_with_each_letter_once() -> None:
    marks = (Mark(DAY, CAMPAIGN, "Fair started"), Mark(DAY, CAMPAIGN, "Mailing started"), Mark(DAY, NOTE, "Outage"))
    chart = CHART.with_marks(ChartMarks((unit("Jan", *marks),)))
    layout = chart.figure["layout"]
    assert [shape["x0"] for shape in layout["shapes"]] == ["Jan"]
    assert layout["annotations"][0]["text"] == "NC"
    assert layout["annotations"][0]["hovertext"].count("<br>") == 2
    assert layout["yaxis"] == {"a": 1, "domain": [0, 0.9]}, "what the chart set itself stays"


def test_the_table_and_with_it_the_csv_has_the_marks_of_each_row() -> None:
    chart = CHART.with_marks(ChartMarks((unit("Feb", Mark(DAY, NOTE, "Outage")),)))
    assert chart.table_head == ("", "Leads", "Marks")
    assert chart.table_rows == (("Jan", 1, ""), ("Feb", 2, "Mar 5, 2025: Outage"))
    assert CHART.with_marks(ChartMarks()) is CHART, "without marks nothing is added"


def test_what_people_write_is_shown_as_they_wrote_it_and_never_read_as_a_tag() -> None:
    text = "<b>5 & 6</b><br>"
    chart = CHART.with_marks(ChartMarks((unit("Jan", Mark(DAY, NOTE, text)),)))
    assert chart.figure["layout"]["annotations"][0]["hovertext"].endswith("&lt;b&gt;5 &amp; 6&lt;/b&gt;&lt;br&gt;")


def test_where_there_are_too_many_the_most_important_are_drawn_and_the_others_counted() -> None:
    units = [unit(f"C{number}", Mark(DAY, CAMPAIGN, "A fair")) for number in range(MOST_DRAWN)]
    units += [unit("note", Mark(DAY, NOTE, "Outage"), Mark(DAY, NOTE, "Repaired"))]
    marks = ChartMarks(tuple(units))
    assert [drawn.name for drawn in marks.drawn] == [*(f"C{number}" for number in range(MOST_DRAWN - 1)), "note"]
    assert marks.not_drawn == 1
    assert [(kind.key, n) for kind, n in marks.counts] == [("note", 2), ("campaign", MOST_DRAWN)]


def test_of_a_kind_the_heaviest_are_listed_in_the_order_of_time_and_the_rest_is_counted() -> None:
    campaigns = [Mark(DAY + timedelta(days=n), CAMPAIGN, f"Fair {n}", weight=w) for n, w in enumerate((5, 1, 9))]
    listed, left_out = limit_marks([*campaigns, Mark(DAY, NOTE, "Outage")])
    assert [mark.label for mark in listed] == ["Outage", "Fair 0", "Fair 2"]
    assert left_out == [(CAMPAIGN, 1)]


def test_a_hover_box_stays_small() -> None:
    marks = tuple(replace(Mark(DAY, NOTE, "x" * 200), weight=n) for n in range(MOST_HOVER_LINES + 3))
    lines = (
        CHART.with_marks(ChartMarks((unit("Jan", *marks),)))
        .figure["layout"]["annotations"][0]["hovertext"]
        .split("<br>")
    )
    assert len(lines) == MOST_HOVER_LINES + 1
    assert lines[-1] == "and 3 more"
    assert max(map(len, lines)) <= 90
