"""The nightly steps of this app: store how the deals stood, forecast from the newest facts, judge the forecast on the past."""

from facts.engine import open_facts
from facts.refresh import Progress
from facts.steps import Step, register_step
from forecast.outcomes.nightly import compute_forecast
from forecast.states import store_states
from team.models import Company


def update_states(progress: Progress) -> int:
    """Store the states of the deals, for the waterfall and the deals at risk."""
    facts = open_facts()
    if facts.as_of is None:
        return 0
    return store_states(facts, facts.as_of.astimezone(Company.get().zone).date())


register_step(Step("deal_states", "Store the history of the deals", update_states))
register_step(Step("forecast", "Compute the forecast", compute_forecast))
