"""Terms are underlined in headings, once each, and nothing else of a page is touched. No database."""

from alignment.lexicon.underline import Definition, underline_terms

MQL = Definition("Marketing qualified lead", "MQL", 'A lead whose score is "high".', "/lexicon/#term-1")
LEAD = Definition("Lead", "", "A person who may buy.", "/lexicon/#term-2")
LINK = '<a class="term" href="/lexicon/#term-1"><dfn title="A lead whose score is &quot;high&quot;.">MQL</dfn></a>'


def test_a_term_in_a_heading_links_to_its_definition() -> None:
    assert underline_terms("<h2>New MQL today</h2>", [MQL]) == f"<h2>New {LINK} today</h2>"


def test_the_plural_the_long_name_and_any_case_are_the_term() -> None:
    assert ">MQLs</dfn>" in underline_terms("<th>MQLs</th>", [MQL])
    page = underline_terms("<h1>marketing qualified leads</h1>", [LEAD, MQL])
    assert "#term-1" in page
    assert "#term-2" not in page  # the longer term holds the shorter one


def test_each_term_is_underlined_once() -> None:
    page = underline_terms("<h2>MQL</h2><h2>MQL and lead</h2><h3>Leads</h3>", [MQL, LEAD])
    assert page.count("<dfn") == 2


def test_text_outside_headings_links_buttons_and_parts_of_words_are_left_alone() -> None:
    for html in (
        "<p>MQL</p>",
        '<h2><a href="/x/">MQL</a></h2>',
        '<a href="/x/"><h2>MQL</h2></a>',
        "<th><button>MQL</button></th>",
        '<h2 title="MQL">Score</h2>',
        "<h2>SMQL, MQL-like, leading</h2>",
        "<details><summary><h3>MQL</h3></summary></details>",
        "<h2>AT&amp;T</h2>",
    ):
        assert underline_terms(html, [MQL, LEAD, Definition("amp", "", "A lamp.", "/lexicon/#term-3")]) == html


def test_without_terms_the_page_is_the_same() -> None:
    assert underline_terms("<h2>MQL</h2>", []) == "<h2>MQL</h2>"


def test_what_a_term_holds_cannot_become_markup() -> None:
    evil = Definition("<b>X</b>", "", '"><script>', "/lexicon/#term-4")
    page = underline_terms("<h2>&lt;b&gt;X&lt;/b&gt; MQL</h2>", [evil, MQL])
    assert "<script>" not in page
    assert "<b>" not in page
