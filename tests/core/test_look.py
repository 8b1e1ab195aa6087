"""The look: colours that can be read, a policy that holds, pages that stay light."""

import itertools
import math
import re
from pathlib import Path

import brotli
import pytest
from django.conf import settings
from django.contrib.staticfiles import finders

from core.charts import Chart, table_of

STATIC = Path(settings.BASE_DIR) / "static"
TEMPLATES = sorted((Path(settings.BASE_DIR) / "templates").rglob("*.html"))
PAIR = re.compile(r"--([\w-]+): light-dark\(oklch\(([\d. ]+)\), oklch\(([\d. ]+)\)\)")
TEXTS = ["ink", "soft", "faint", "marketing-ink", "sales-ink", "joint-ink", "amber-ink", "red-ink", "met-ink"]
GROUNDS = ["paper", "raised", "sunken"]
WASHES = ["marketing", "sales", "joint", "amber", "red", "met"]
Colour = tuple[float, float, float]


def tokens(theme: int) -> dict[str, Colour]:
    """Read the colours of the light (0) or dark (1) theme."""
    found = PAIR.findall((STATIC / "css/tokens.css").read_text())
    return {name: tuple(map(float, pair[theme].split())) for name, *pair in found}  # type: ignore[misc]


def luminance(colour: Colour) -> float:
    """Relative luminance of an OKLCH colour, by the matrices of CSS Color 4."""
    lightness, chroma, hue = colour
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    red = 4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short
    green = -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short
    blue = -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short
    return sum(weight * min(1.0, max(0.0, part)) for weight, part in [(0.2126, red), (0.7152, green), (0.0722, blue)])


def contrast(one: Colour, other: Colour) -> float:
    dark, light = sorted([luminance(one), luminance(other)])
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_every_text_can_be_read_on_every_ground(theme: int) -> None:
    colours = tokens(theme)
    pairs = [
        *itertools.product(TEXTS, GROUNDS),
        *((f"{side}-ink", f"{side}-wash") for side in WASHES),
        ("on-joint", "joint"),
    ]
    faint = {pair: round(contrast(colours[pair[0]], colours[pair[1]]), 2) for pair in pairs}
    assert {pair: value for pair, value in faint.items() if value < 4.5} == {}


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_the_two_sides_part_without_hue_and_edges_can_be_seen(theme: int) -> None:
    colours = tokens(theme)
    assert abs(colours["marketing"][0] - colours["sales"][0]) >= 0.05
    for mark in ["marketing", "sales", "joint", "edge", "red", "met"]:
        assert contrast(colours[mark], colours["paper"]) >= 3, mark


def test_our_own_styles_and_scripts_are_small() -> None:
    def weight(pattern: str) -> int:
        return sum(len(brotli.compress(file.read_bytes())) for file in STATIC.glob(pattern))

    assert weight("css/*.css") <= 30_000
    assert weight("js/*.js") <= 25_000


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(settings.BASE_DIR)))
def test_templates_hold_nothing_that_the_policy_stops(path: Path) -> None:
    html = path.read_text()
    for stopped in [
        r"\sstyle=",
        r"<style",
        r"\son[a-z]+=",
        r"hx-on",
        r"[\"']js:",
        r"javascript:",
        r"https?://(?!www\.w3\.org)",
    ]:
        assert not re.search(stopped, html), stopped
    for script in re.findall(r"<script[^>]*>", html):
        assert "src=" in script or "application/json" in script, script


@pytest.mark.parametrize("path", [p for p in TEMPLATES if p.parent.name == "components"], ids=lambda path: path.name)
def test_a_component_names_its_variables_first(path: Path) -> None:
    assert re.match(r"({% \w+ [\w ]+ %})*{% comment %}\s*\S", path.read_text())


def plotly() -> str:
    found = finders.find("vendor/plotly.min.js")
    assert isinstance(found, str)
    return Path(found).read_text()


def test_charts_css_says_what_plotly_would_write() -> None:
    """Plotly's own rules that a drawing needs; if an upgrade changes them, charts.css follows."""
    source, ours = plotly(), (STATIC / "css/charts.css").read_text()
    assert '"X .main-svg":"position:absolute;top:0;left:0;pointer-events:none;"' in source
    assert '"X .main-svg .draglayer":"pointer-events:all;"' in source
    assert "no-inline-styles" in source
    assert ".main-svg { position: absolute; top: 0; left: 0; pointer-events: none;" in ours
    assert ".main-svg .draglayer { pointer-events: all; }" in ours


def test_charts_js_knows_the_style_that_plotly_would_write_for_its_maps() -> None:
    found = re.search(r'getElementById\("([0-9a-f]{64})"\)\)\{var e=document.createElement\("style"\)', plotly())
    assert found
    assert found[1] in (STATIC / "js/charts.js").read_text()


@pytest.mark.parametrize(
    "figure",
    [
        {"data": [{"type": "scattergl", "x": [1]}]},
        {"data": [{"type": "bar", "name": "<b>Bold</b>"}]},
        {"data": [], "layout": {"title": {"text": "<i>Slanted</i>"}}},
    ],
)
def test_a_figure_that_the_policy_stops_is_refused_when_it_is_made(figure: dict) -> None:  # type: ignore[type-arg]
    with pytest.raises(ValueError, match="cannot be drawn"):
        Chart("wrong", "Wrong", figure)


def test_the_table_of_a_figure_joins_its_traces_by_label() -> None:
    bars = {"type": "bar", "name": "One", "x": ["a", "b"], "y": [1, 2]}
    lying = {"type": "bar", "name": "Two", "orientation": "h", "y": ["b", "c"], "x": [3, 4]}
    assert table_of({"data": [bars, lying]}) == (("a", 1, None), ("b", 2, 3), ("c", None, 4))
