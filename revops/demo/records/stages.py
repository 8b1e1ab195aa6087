"""The stages of AppLexus's CRM and their Accord stages."""

from crm.models import Outcome, StageMapping, StageTrack
from revops.demo.story import LOST, OPEN_STAGES, SOURCE, UNDECIDED, WON

PIPELINE = "Sales"
DEALS = {**dict.fromkeys(OPEN_STAGES, "sql"), WON: "won", LOST: "lost", UNDECIDED: "no_decision"}
LIFE = {
    "Inquiry": "inquiry", "MQL": "mql", "SAL": "sal", "SQL": "sql", "Won": "won", "Recycled": "recycled",
    "Disqualified": "disqualified",
}  # fmt: skip
STATUSES = {
    "New": "mql", "Working": "sal", "Converted": "sql", "Nurturing": "inquiry", "Disqualified": "disqualified"
}  # fmt: skip
ENDS = {WON: Outcome.WON, LOST: Outcome.LOST, UNDECIDED: Outcome.NO_DECISION}


def map_stages() -> None:
    """Map every stage of the demo's source to its Accord stage, unless a person has mapped it since."""
    mappings = [
        *((StageTrack.DEAL, PIPELINE, word, key) for word, key in DEALS.items()),
        *((StageTrack.LIFECYCLE, "", word, key) for word, key in LIFE.items()),
        *((StageTrack.STATUS, "", word, key) for word, key in STATUSES.items()),
    ]
    StageMapping.objects.bulk_create(
        (
            StageMapping(
                source=SOURCE, track=track, pipeline=pipeline, stage=word, ours=key, outcome=ENDS.get(word, "")
            )
            for track, pipeline, word, key in mappings
        ),
        ignore_conflicts=True,
    )
