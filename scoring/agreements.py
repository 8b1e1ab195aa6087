"""What both sides sign about scores: the model, with its threshold."""

from agreements.kinds import Kind, register_kind
from scoring.descriptions import terms_in_words
from scoring.forms import ScoreTerms
from scoring.icp import rules
from scoring.icp.forms import IcpTerms
from scoring.proof.headline import figures_of

SCORE = "score"

register_kind(
    Kind(
        SCORE, "Score model", "Score models",
        "The rules and the threshold that decide which leads are ready for Sales: points for fit and for engagement.",
        ScoreTerms, terms_in_words, figures_of, page="score_model", new_page="new_score_model",
        right="set_scores", reading_right="see_scores",
    )
)  # fmt: skip
register_kind(
    Kind(
        rules.ICP, "Ideal customer profile", "Ideal customer profiles",
        "The customers that both sides want to win: traits with weights, and the allowed distance from them.",
        IcpTerms, rules.terms_in_words, reading_right="see_scores",
    )
)  # fmt: skip
