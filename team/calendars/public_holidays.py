"""The public holidays of a country or of one of its states."""

from collections.abc import Iterable
from datetime import date

from django.core.exceptions import ValidationError
from holidays import country_holidays


def public_holidays(country: str, region: str = "", years: Iterable[int] = ()) -> set[date]:
    """Return the public holidays of a country, or of one of its states; none without a country.

    Raises:
        ValidationError: the holidays of this country or state are not known.
    """
    if not country:
        return set()
    try:
        return set(country_holidays(country, subdiv=region or None, years=list(years)))
    except NotImplementedError as error:
        raise ValidationError(f"The holidays of {country} {region} are not known: {error}") from None
