"""The choices of the grid's cells, made once for each value: a grid holds more than a thousand of them."""

from collections.abc import Iterable
from functools import lru_cache

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from alignment.matrix.rules import LETTERS
from kpis.registry import SECTIONS, all_metrics


@lru_cache(maxsize=200)
def letter_options(selected: str) -> SafeString:
    """Return the options of a cell with one of them selected."""
    options = [(key, _mark(key == selected), name, "A/R" if key == "AR" else key) for key, name in LETTERS.items()]
    return format_html(
        '<option value="">–</option>{}', _options('<option value="{}"{} title="{}">{}</option>', options)
    )


@lru_cache(maxsize=200)
def metric_options(selected: str) -> SafeString:
    """Return the metrics as options by section, with one of them selected."""
    groups = [
        (
            section,
            _options(
                '<option value="{}"{}>{}</option>',
                [
                    (metric.key, _mark(metric.key == selected), metric.name)
                    for metric in all_metrics()
                    if metric.section == section
                ],
            ),
        )
        for section in SECTIONS
    ]
    joined = format_html_join("", '<optgroup label="{}">{}</optgroup>', groups)
    return format_html('<option value="">Choose a metric</option>{}', joined)


def _options(pattern: str, options: Iterable[tuple[object, ...]]) -> SafeString:
    return format_html_join("", pattern, options)


def _mark(is_selected: bool) -> SafeString:
    return SafeString(" selected" if is_selected else "")
