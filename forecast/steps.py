"""The nightly steps of this app: forecast from the newest facts, and judge the forecast on the past."""

from facts.steps import Step, register_step
from forecast.outcomes.nightly import compute_forecast

register_step(Step("forecast", "Compute the forecast", compute_forecast))
