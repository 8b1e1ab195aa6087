"""What a benchmark answers, and where its data is kept."""

import os
from dataclasses import dataclass, field
from pathlib import Path

DATA = Path(os.environ.get("BENCH_DATA") or Path(__file__).resolve().parent / "data")


@dataclass
class Result:
    """One thing measured: ours and the reference in the same unit; more is better."""

    name: str
    ours: float
    reference: float
    unit: str
    goal: float  # ratio that ours must reach
    notes: dict[str, float | int | str] = field(default_factory=dict)

    @property
    def ratio(self) -> float:
        return self.ours / self.reference
