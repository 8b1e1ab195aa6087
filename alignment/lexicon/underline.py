"""Underlines the signed terms in the headings of a page, each where it is used first. Pure.

Headings are h1, h2, h3, th and dt. Text inside links, buttons and the like is left alone: there a link cannot stand.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

HEADINGS = {"h1", "h2", "h3", "th", "dt"}
LEFT_ALONE = {
    "a",
    "button",
    "summary",
    "label",
    "select",
    "script",
    "style",
    "svg",
    "dfn",
    "abbr",
    "textarea",
    "template",
}
TAG = re.compile(rf"<(/?)({'|'.join(sorted(HEADINGS | LEFT_ALONE, key=len, reverse=True))})\b[^>]*>")
ANY_TAG = re.compile(r"(<[^>]*>)")


@dataclass(frozen=True)
class Definition:
    """A signed term as headings link to it."""

    name: str
    acronym: str
    text: str
    link: str

    @property
    def spellings(self) -> list[str]:
        return [spelling for spelling in (self.name, self.acronym) if spelling]


def has_headings(html: str) -> bool:
    """Tell whether there is anything in which terms are underlined."""
    return any(f"<{name}" in html for name in HEADINGS)


def underline_terms(html: str, definitions: Iterable[Definition]) -> SafeString:
    """Return the page with the first use of each term in a heading as a link to its definition."""
    replace = _replacer(definitions)
    if replace is None:
        return SafeString(html)
    pieces: list[str] = []
    open_tags = {"heading": 0, "left_alone": 0}
    position = 0
    for tag in TAG.finditer(html):
        text = html[position : tag.start()]
        is_marked = open_tags["heading"] > 0 and open_tags["left_alone"] == 0
        pieces.append(_replace_text(text, replace) if is_marked else text)
        pieces.append(tag[0])
        group = "heading" if tag[2] in HEADINGS else "left_alone"
        if not tag[0].endswith("/>"):
            open_tags[group] = max(0, open_tags[group] + (-1 if tag[1] else 1))
        position = tag.end()
    return mark_safe("".join([*pieces, html[position:]]))


def _replace_text(text: str, replace: Callable[[str], str]) -> str:
    """Replace in the text between the tags that are not headings, and in no tag."""
    return "".join(part if part.startswith("<") else replace(part) for part in ANY_TAG.split(text))


def _replacer(definitions: Iterable[Definition]) -> Callable[[str], str] | None:
    """Return what replaces each term once; None where nothing is defined."""
    by_spelling = {
        escape(spelling).lower(): definition for definition in definitions for spelling in definition.spellings
    }
    if not by_spelling:
        return None
    spellings = "|".join(re.escape(spelling) for spelling in sorted(by_spelling, key=len, reverse=True))
    pattern = re.compile(rf"(?<![\w&#-])({spellings})(s?)(?![\w-])", re.IGNORECASE)
    used: set[str] = set()

    def replace_one(match: re.Match[str]) -> str:
        definition = by_spelling[match[1].lower()]
        if definition.link in used:
            return match[0]
        used.add(definition.link)
        return format_html(
            '<a class="term" href="{}"><dfn title="{}">{}</dfn></a>',
            definition.link, definition.text, SafeString(match[0]),
        )  # fmt: skip

    return lambda text: pattern.sub(replace_one, text)
