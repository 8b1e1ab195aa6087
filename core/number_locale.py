"""The locale that numbers and dates are written in: the current one, those to choose from, and the one to propose.

The locale is a context variable: each request, task and thread has its own, and no app below the company needs to know
where the setting is stored. Outside of them numbers and dates are written as in en_US.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache

from babel import Locale

DEFAULT_LOCALE = "en_US"
LOCALES = (
    "en_US", "en_AU", "en_CA", "en_GB", "en_IE", "en_IN", "en_NZ", "en_ZA", "cs_CZ", "da_DK", "de_AT", "de_CH", "de_DE",
    "es_ES", "es_MX", "et_EE", "fi_FI", "fr_BE", "fr_CA", "fr_CH", "fr_FR", "hr_HR", "hu_HU", "id_ID", "it_CH", "it_IT",
    "ja_JP", "ko_KR", "lt_LT", "lv_LV", "nb_NO", "nl_BE", "nl_NL", "pl_PL", "pt_BR", "pt_PT", "ro_RO", "sk_SK", "sl_SI",
    "sv_SE", "th_TH", "tr_TR", "uk_UA", "vi_VN", "zh_CN",
)  # fmt: skip

_locale: ContextVar[str | Callable[[], str]] = ContextVar("number_locale", default=DEFAULT_LOCALE)


def current_locale() -> str:
    """Return the locale to write in; the first call of a request reads the setting."""
    name = _locale.get()
    if callable(name):
        name = _known_locale(name())
        _locale.set(name)
    return name


@contextmanager
def use_locale(name: str | Callable[[], str]) -> Iterator[None]:
    """Write numbers and dates in this locale inside; a name that is not on the list means the default.

    Args:
        name: the locale, or a function that returns it: it is called when the first number is written, so that pages
            without numbers need no query.
    """
    token = _locale.set(name if callable(name) else _known_locale(name))
    try:
        yield
    finally:
        _locale.reset(token)


def _known_locale(name: str) -> str:
    return name if name in LOCALES else DEFAULT_LOCALE


@cache
def parse_locale(name: str) -> Locale:
    return Locale.parse(name)


@cache
def locale_choices() -> list[tuple[str, str]]:
    """Return every locale with its English name, the default first and the others by name."""
    named = [(name, str(parse_locale(name).get_display_name("en"))) for name in LOCALES]
    return sorted(named, key=lambda choice: (choice[0] != DEFAULT_LOCALE, choice[1]))


def propose_locale(accept_language: str) -> str:
    """Return the locale that fits a browser's languages best: “de-AT,de;q=0.9” → de_AT, “fr” → fr_FR.

    A language without a country on the list means its largest country there; no known language means the default.
    """
    for language, territory in _preferred_languages(accept_language):
        if (name := f"{language}_{territory}") in LOCALES:
            return name
        if (name := _main_locales().get(language, "")) in LOCALES:
            return name
    return DEFAULT_LOCALE


@cache
def _main_locales() -> dict[str, str]:
    """Return for each language the locale to take when the browser names no country."""
    mains = {name.partition("_")[0]: name for name in reversed(LOCALES)}
    return mains | {
        "de": "de_DE",
        "fr": "fr_FR",
        "it": "it_IT",
        "nl": "nl_NL",
        "pt": "pt_BR",
        "no": "nb_NO",
        "nn": "nb_NO",
    }


def _preferred_languages(accept_language: str) -> list[tuple[str, str]]:
    """Return (language, territory) of the header, the most wanted first; what cannot be read counts last."""
    weighted = []
    for part in accept_language[:1000].split(","):
        tag, _, quality = part.strip().partition(";q=")
        pieces = tag.replace("_", "-").split("-")
        territory = pieces[-1].upper() if len(pieces) > 1 else ""
        try:
            weight = float(quality or 1)
        except ValueError:
            weight = 0.0
        if weight > 0:
            weighted.append((weight, (pieces[0].lower(), territory)))
    return [language for _, language in sorted(weighted, key=lambda pair: -pair[0])]
