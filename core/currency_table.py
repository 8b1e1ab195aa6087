"""Write the table of currencies from CLDR: `python -m core.currency_table`, after an update of Babel.

It holds every currency that was legal tender somewhere since 2000, and the signs that the languages of a country and those
that write about many countries have for the currencies of today. To read all those languages takes two seconds and 60 MB,
so it is not done when Accord starts.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import date

from babel import Locale, UnknownLocaleError
from babel.languages import get_official_languages
from babel.numbers import get_territory_currencies

from core.currencies import HIDDEN, TABLE

BEGIN, END = date(2000, 1, 1), date(2100, 1, 1)
TODAY = date(2026, 7, 1)  # fixed, so that the table is the same on every day
OVER_BORDERS = ("en", "fr", "de", "es", "pt", "zh", "ja", "sv", "da", "nb", "pl")  # write about the money of others
NO_CURRENCY = "XXX"  # of Antarctica
NOWHERE = "ZZ"  # whose currencies are gold, tests and none
SHORTEST = 2  # a single Latin letter is rather a unit: 500 K, 500 L, 500 P


def build_table() -> dict[str, object]:
    """Return {codes, signs: {sign: codes}}."""
    territories = sorted(name for name in map(str, Locale("en").territories) if len(name) == 2 and name != NOWHERE)
    codes = {
        code
        for name in territories
        for code in get_territory_currencies(name, BEGIN, END, tender=True, non_tender=True)
    }
    current = {name: get_territory_currencies(name, TODAY, non_tender=True) for name in territories}
    signs: defaultdict[str, set[str]] = defaultdict(set)
    for name in territories:
        for locale in _locales_of(name):
            _add_signs(signs, locale, set(current[name]))
    for language in OVER_BORDERS:
        _add_signs(signs, Locale(language), {code for some in current.values() for code in some})
    return {"codes": sorted(codes - {NO_CURRENCY}), "signs": {sign: sorted(signs[sign]) for sign in sorted(signs)}}


def _locales_of(territory: str) -> Iterator[Locale]:
    languages = get_official_languages(territory, de_facto=True)
    for language in dict.fromkeys([*languages, "en"]):
        try:
            yield Locale.parse(f"{language}_{territory}")
        except (UnknownLocaleError, ValueError):
            continue


def _add_signs(signs: defaultdict[str, set[str]], locale: Locale, codes: set[str]) -> None:
    for code, written in locale.currency_symbols.items():
        sign = written.translate(HIDDEN).strip()
        if code in codes and sign and sign != code and not (len(sign) < SHORTEST and sign.isalpha() and sign < "ɐ"):
            signs[sign].add(code)


if __name__ == "__main__":
    TABLE.write_text(json.dumps(build_table(), ensure_ascii=False, indent=1, sort_keys=True) + "\n", "utf-8")
