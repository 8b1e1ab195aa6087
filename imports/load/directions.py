"""Whether an e-mail or call went out, came in, or stayed inside, and whether it arrived, by the words that systems use."""

import re

import pandas as pd

from imports.parsing.column_values import FALSE, TRUE, ReadColumn, map_unique_cells, no_errors

OUTGOING, INCOMING, INTERNAL = "outgoing", "incoming", "internal"
# As regular expressions of Python and of PostgreSQL alike
INTERNAL_WORDS = "internal|(^|[^a-z])intern([^a-z]|e$|o$|$)|forward|weitergeleitet|draft|entwurf|brouillon|borrador"
INCOMING_WORDS = (
    "incoming|inbound|in[-_ ]bound|received|(^|[^a-z])missed|^in$|reply from|eingehend|empfangen|entrant|reçu|recibid|ricevut|"
    "recebid|ontvangen|inkomend|inkommande"
)
OUTGOING_WORDS = (
    "outgoing|outbound|out[-_ ]bound|(^|[^a-z])sent([^a-z]|$)|^out$|ausgehend|gesendet|sortant|envoyé|salient|enviad|in uscita|"
    "inviat|saída|uitgaand|verzonden|utgående"
)
UNDELIVERED_WORDS = (
    "bounc|(^|[^a-z])fail|undeliver|not[-_ ]?delivered|not[-_ ]?sent|(^|[^a-z])rejected|(^|[^a-z])dropped|(^|[^a-z])blocked|draft|"
    "wrong[-_ ]?number|invalid|cancel|fehlgeschlagen|unzustellbar|zurückgewiesen|non remis|rebotad|devuelt|respint"
)
WORDS = {  # in the order in which they are tried
    name: re.compile(pattern, re.IGNORECASE)
    for name, pattern in ((INTERNAL, INTERNAL_WORDS), (INCOMING, INCOMING_WORDS), (OUTGOING, OUTGOING_WORDS))
}
UNDELIVERED = re.compile(UNDELIVERED_WORDS, re.IGNORECASE)


def read_direction(column: pd.Series) -> ReadColumn:
    """Return outgoing, incoming or internal; empty where the word does not say."""
    return map_unique_cells(column, _direction_of), no_errors(column)


def read_incoming(column: pd.Series) -> ReadColumn:
    """Read a column that says yes for what came in, and no for what went out."""

    def to_direction(word: str) -> str:
        folded = word.strip().casefold()
        if folded in TRUE:
            return INCOMING
        return OUTGOING if folded in FALSE else _direction_of(word)

    return map_unique_cells(column, to_direction), no_errors(column)


def read_undelivered(column: pd.Series) -> ReadColumn:
    """Return t where a status says that it did not arrive, or a flag says yes."""

    def to_flag(word: str) -> str:
        return "t" if word.strip().casefold() in TRUE or UNDELIVERED.search(word) else "f"

    return map_unique_cells(column, to_flag).where(column != "", "f"), no_errors(column)


def _direction_of(word: str) -> str:
    return next((name for name, pattern in WORDS.items() if pattern.search(word)), "")
