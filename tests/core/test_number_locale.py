"""The locale of the moment belongs to one request, task or thread; the browser's languages propose one."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.formatting import format_count
from core.number_locale import DEFAULT_LOCALE, LOCALES, current_locale, locale_choices, propose_locale, use_locale


def test_numbers_are_american_outside_of_any_setting() -> None:
    assert current_locale() == DEFAULT_LOCALE == "en_US"


def test_the_locale_ends_with_its_block_even_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError), use_locale("de_DE"):
        _ = 1 / 0
    assert current_locale() == DEFAULT_LOCALE


def test_a_locale_that_is_not_on_the_list_is_the_default() -> None:
    with use_locale("de_DE"), use_locale("tlh"):
        assert current_locale() == DEFAULT_LOCALE


def test_tasks_that_take_turns_do_not_see_each_others_locale() -> None:
    async def write(locale: str) -> str:
        with use_locale(locale):
            await asyncio.sleep(0)
            return format_count(1234567)

    async def write_all() -> list[str]:
        return await asyncio.gather(write("de_DE"), write("en_US"), write("de_CH"))

    german, american, swiss = asyncio.run(write_all())
    assert (german, american) == ("1.234.567", "1,234,567")
    assert swiss not in (german, american)


def test_another_thread_has_its_own_locale() -> None:
    with use_locale("de_DE"), ThreadPoolExecutor(1) as pool:
        assert pool.submit(current_locale).result() == DEFAULT_LOCALE
        assert current_locale() == "de_DE"


@pytest.mark.parametrize(
    ("header", "locale"),
    [
        ("de-AT,de;q=0.9,en;q=0.8", "de_AT"),
        ("fr", "fr_FR"),
        ("en;q=0.5, nl-NL", "nl_NL"),
        ("tlh, pt;q=0.4", "pt_BR"),
        ("de-LU", "de_DE"),
        ("zh-Hans-CN", "zh_CN"),
        ("en", "en_US"),
        ("de;q=0", "en_US"),
        ("de;q=much", "en_US"),
        ("", "en_US"),
        ("*;,;q=,-", "en_US"),
    ],
)
def test_the_browser_proposes_a_locale(header: str, locale: str) -> None:
    assert propose_locale(header) == locale


def test_the_choices_are_all_locales_with_their_names() -> None:
    choices = locale_choices()
    assert choices[0] == ("en_US", "English (United States)")
    assert {name for name, _ in choices} == set(LOCALES)
