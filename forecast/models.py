"""The tables of this app, one module for each part."""

from forecast.outcomes.models import ForecastAsOf as ForecastAsOf
from forecast.outcomes.models import ForecastCommit as ForecastCommit
from forecast.outcomes.models import ForecastRun as ForecastRun
