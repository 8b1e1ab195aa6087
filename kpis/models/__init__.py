"""What metrics are held against, what they were, and the runs that recompute them."""

from kpis.models.metrics import Benchmark, Goal, MetricSnapshot, SnapshotSet

__all__ = ["Benchmark", "Goal", "MetricSnapshot", "SnapshotSet"]
