"""What is in a field and says nothing of a lead: words that mean nothing, serial numbers, ids. Pure."""

import re
from typing import Any

import numpy as np
import pandas as pd

FEWEST = 20  # values from which a column is judged
NEARLY_ALL = 0.95
IN_ORDER = 0.9  # rank correlation with the order in which leads came
DIGITS = 5  # numbers that all have so many digits and never repeat are not amounts
WORDS = frozenset(["select", "selectone", "selectanoption", "pleaseselect", "pleasechoose", "choose", "chooseone", "none", "noneselected", "na", "nan", "null", "nil", "unknown", "unspecified", "notspecified", "notprovided", "notavailable", "notapplicable", "notset", "notgiven", "undefined", "unassigned", "blank", "empty", "tbd", "tba", "novalue", "noanswer", "keineangabe", "keineangaben", "unbekannt", "nichtangegeben", "bittewählen", "auswählen", "inconnu", "nonrenseigné", "nonspécifié", "choisir", "desconocido", "seleccione", "seleccionar", "sconosciuto", "seleziona", "nãoinformado", "onbekend", "okänd"])  # fmt: skip
CALLED_ID = re.compile(r"(?:^|[\s_.-])(?:ids?|uuid|guid|gid|key)$|(?-i:[a-z]Ids?$)|^ids?\b|\bid__c$", re.IGNORECASE)
CALLED_NUMBER = re.compile(r"(?:^|[\s_.-])(?:no|nr|num|number|nummer|numéro|número|#)\.?$|^#", re.IGNORECASE)
AN_ID = re.compile(
    r"[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}|[0-9a-f]{16,}|(?=.*\d)[0-9a-zA-Z]{15}(?:[0-9a-zA-Z]{3})?|\d{9,}",
    re.IGNORECASE,
)


def stands_for_nothing(word: str) -> bool:
    """Tell a word that is written where nothing is known: Select, --, n/a, unknown."""
    plain = re.sub(r"[\W_]+", "", word.casefold())
    return bool(word.strip()) and (not plain or plain in WORDS)


def is_identifier(label: str, values: "pd.Series[Any]", order: "pd.Series[Any]") -> bool:
    """Tell whether a column names records instead of saying something of them.

    `values` are texts or numbers, empty cells "" or NaN; `order` says in which order the leads came.
    """
    filled = (values != "") & values.notna()
    filled_values = values[filled]
    if not len(filled_values):
        return False
    called_id = bool(CALLED_ID.search(label.strip()))
    if pd.api.types.is_numeric_dtype(filled_values):
        are_whole = bool((filled_values % 1 == 0).all())
        return are_whole and (called_id or _is_serial(label, filled_values, order[filled]))
    return called_id or float(filled_values.astype(str).str.fullmatch(AN_ID).mean()) >= NEARLY_ALL


def _is_serial(label: str, filled_values: "pd.Series[Any]", order: "pd.Series[Any]") -> bool:
    if len(filled_values) < FEWEST or filled_values.nunique() < NEARLY_ALL * len(filled_values):
        return False
    digits = np.floor(np.log10(filled_values.abs().clip(lower=1)))
    same_length = digits.min() == digits.max() >= DIGITS - 1
    in_order = abs(float(filled_values.rank().corr(order.rank()))) >= IN_ORDER
    return bool(CALLED_NUMBER.search(label.strip())) or bool(same_length) or in_order
