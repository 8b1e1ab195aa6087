"""Detectors of what lives in this app: the joint plan, what people believe of the SLA, and the terms that they use."""

from alarms.registry import Detector, register_detector
from alignment.observations import (
    observe_beliefs,
    observe_plan,
    observe_terms,
    observe_update,
)
from team.models import Role

register_detector(
    Detector(
        key="plan_update_overdue",
        name="The plan's update is overdue",
        looks_for="Alerts when the leaders have not presented the update of the joint plan by its day.",
        section="Agreements",
        owner=Role.CMO,
        remedy="Write the update together and present it.",
        observe=observe_update,
        agreement="goal",
    )
)
register_detector(
    Detector(
        key="no_joint_goal",
        name="No joint goal or reward",
        looks_for="Alerts when no goal, or no reward for reaching it, is active for both sides.",
        section="Agreements",
        owner=Role.CEO,
        remedy="Agree on one goal in money for both sides, and on the same reward for both.",
        observe=observe_plan,
        agreement="goal",
    )
)
register_detector(
    Detector(
        key="teams_disagree_on_sla",
        name="The teams disagree on the SLA",
        looks_for="Alerts when Marketing and Sales believe clearly different things of what was signed, in the last assessment.",
        section="Agreements",
        owner=Role.CRO,
        remedy="Go through the signed terms with both teams, and ask again in the next assessment.",
        observe=observe_beliefs,
        agreement="sla",
    )
)
register_detector(
    Detector(
        key="unsigned_words",
        name="Words that were not agreed",
        looks_for="Alerts when people use synonyms that the lexicon rules out, as “lead” for an MQL, in what they wrote in 90 days.",
        section="Agreements",
        owner=Role.OPS,
        remedy="Use the signed word, or propose another one in the lexicon.",
        observe=observe_terms,
        agreement="term",
    )
)
