"""What both sides sign about scores: the model, with its threshold."""

from agreements.kinds import Kind, register
from scoring.forms import ScoreTerms
from scoring.words import terms_in_words

SCORE = "score"

register(
    Kind(
        SCORE, "Score model", "Score models",
        "Which leads are ready for Sales: points for who they are and for what they did, and the threshold.",
        ScoreTerms, terms_in_words,
    )
)  # fmt: skip
