"""Who may have scores learned and proven. Drafting, proposing and signing them are actions of `agreements`."""

from team.authorization import Action, register_action

LEARN_SCORES = register_action(
    Action(
        "learn_scores", "have a score model learned or drafted", "the CMO, the CRO or an ops admin", right="set_scores",
        addresses=("learn", "learned_to_draft", "api-score-learned-list"),
    )
)  # fmt: skip
PROVE_SCORES = register_action(
    Action(
        "prove_scores", "validate a score model again", "those who see scores", right="see_scores",
        addresses=("score_proof_again",),
    )
)  # fmt: skip
