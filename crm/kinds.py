"""The kinds of record, as mappings, the API and undo name them."""

import re

from django.db import models


def kind_of(model: type[models.Model]) -> str:
    """Return the name of the kind of a model: StageChange is "stage_change"."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", model.__name__).lower()
