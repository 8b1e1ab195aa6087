"""What metrics are held against, what they were, and the runs that recompute them."""

from kpis.models.metrics import Benchmark, Goal, MetricSnapshot, SnapshotSet
from kpis.models.runs import NightlyRun, RunStep

__all__ = ["Benchmark", "Goal", "MetricSnapshot", "NightlyRun", "RunStep", "SnapshotSet"]
