"""The funnel as a Sankey diagram: left to right, width by count or value, losses downward, recycled leads flowing back.

Pure geometry: shapes in the units of the drawing, each with its title, its side and the part of the numbers it shows.
"""

from dataclasses import dataclass
from decimal import Decimal

from core.formatting import format_days, format_percent, short_money, short_number
from funnel.measures import FunnelReport, Step
from funnel.stages.drafts import Funnel

WIDTH, TOP, DEEP = 1120, 74, 190
NODE = 12
BACK = ("recycled",)
THIN = 1.5  # the least width, so that even one lead can be seen


@dataclass(frozen=True)
class Shape:
    """A piece of the diagram: an outline, whose it is, its title, and which leads it represents."""

    path: str
    side: str
    kind: str  # flow, skip, loss, back, stage
    title: str
    stage: str
    part: str


@dataclass(frozen=True)
class Label:
    x: float
    y: float
    text: str
    kind: str  # name, number, gap, loss
    stage: str = ""
    part: str = ""


@dataclass(frozen=True)
class Drawing:
    shapes: tuple[Shape, ...]
    labels: tuple[Label, ...]
    height: float
    width: float = WIDTH


def draw_funnel(report: FunnelReport, funnel: Funnel, by_value: bool = False) -> Drawing:
    """Return the drawing of a funnel. By value, a flow is as wide as its share of what its stage is worth."""
    layout = _Layout(report, funnel, by_value)
    if not layout.scale:
        return Drawing((), (), 0)
    shapes: list[Shape] = []
    labels: list[Label] = []
    for step in report.steps:
        shapes += layout.flow_shapes(step)
        shapes += layout.loss_shapes(step)
        labels += layout.step_labels(step)
    shapes += [layout.stage_shape(step) for step in report.steps]  # last, so that they lie over the flows
    return Drawing(tuple(shapes), tuple(labels), TOP + DEEP + 96)


class _Layout:
    """Where each stage of a report lies, and how wide its flows are."""

    def __init__(self, report: FunnelReport, funnel: Funnel, by_value: bool) -> None:
        self.report, self.funnel, self.by_value = report, funnel, by_value
        largest = max((self.step_size(step) for step in report.steps), default=0)
        self.scale = DEEP / float(largest) if largest else 0.0
        gap = (WIDTH - 130) / max(len(report.steps) - 1, 1)
        self.x_of = {step.stage.key: 8 + step.index * gap for step in report.steps}

    def step_size(self, step: Step) -> float:
        return float(step.value or 0) if self.by_value else step.entered

    def flow_width(self, n: int, step: Step) -> float:
        """Return how wide a flow of n leads out of a stage is; by value each of its leads weighs the same."""
        share = Decimal(n) / step.entered if step.entered else Decimal()
        size = float(share * (step.value or 0)) if self.by_value else n
        return max(size * self.scale, THIN) if n else 0

    def stage_height(self, step: Step) -> float:
        return max(self.step_size(step) * self.scale, THIN) if step.entered else THIN

    def stage_shape(self, step: Step) -> Shape:
        path = f"M{self.x_of[step.stage.key]:.1f},{TOP} h{NODE} v{self.stage_height(step):.1f} h-{NODE} Z"
        title = f"{step.stage.name}: {short_number(step.entered)} entered"
        return Shape(path, step.stage.side, "stage", title, step.stage.key, "entered")

    def flow_shapes(self, step: Step) -> list[Shape]:
        """Ribbons to the next stages, each beginning where the one before ended; one that skips stages arches over."""
        shapes, top = [], float(TOP)
        by_key = {other.stage.key: other for other in self.report.steps}
        for key, n in step.flows.items():
            other = by_key[key]
            width = self.flow_width(n, step)
            begin, end = (self.x_of[step.stage.key] + NODE, top), (self.x_of[key], TOP)
            into = min(width, self.stage_height(other)) if self.by_value else width
            skips = other.index - step.index > 1
            title = f"{short_number(n)} went from {step.stage.name} to {self.funnel.name(key)}"
            side = step.stage.side if step.stage.side == other.stage.side else "joint"
            path = _arch_path(begin, end, width, into) if skips else _ribbon_path(begin, end, width, into)
            shapes.append(Shape(path, side, "skip" if skips else "flow", title, step.stage.key, f"to-{key}"))
            top += width
        return shapes

    def loss_shapes(self, step: Step) -> list[Shape]:
        """What left from here flows down, side by side; what goes back to nurture turns back."""
        shapes: list[Shape] = []
        x = left = self.x_of[step.stage.key]
        from_y, down = TOP + self.stage_height(step), TOP + DEEP + 30
        for key, n in sorted(step.left.items(), key=lambda item: item[0] in BACK):
            width = min(max(self.flow_width(n, step) / 2, THIN), 26)
            title = f"{short_number(n)} left {step.stage.name}: {self.funnel.name(key)}"
            if key in BACK:
                path = f"M{x:.1f},{from_y:.1f} C{x - 6:.1f},{down:.1f} {x - 34:.1f},{down:.1f} {x - 44:.1f},{down - 26:.1f}"
                shapes.append(Shape(path, "marketing", "back", title, step.stage.key, key))
            else:
                path = f"M{left:.1f},{from_y:.1f} h{width:.1f} V{down:.1f} h-{width:.1f} Z"
                shapes.append(Shape(path, "neutral", "loss", title, step.stage.key, key))
                left += width + 2
        return shapes

    def step_labels(self, step: Step) -> list[Label]:
        x, key, steps = self.x_of[step.stage.key], step.stage.key, self.report.steps
        number = short_money(step.value, self.report.currency) if self.by_value else short_number(step.entered)
        labels = [Label(x, 22, step.stage.name, "name"), Label(x, 48, number, "number", key, "entered")]
        if step.index + 1 < len(steps) and step.entered:
            gap = (x + NODE + self.x_of[steps[step.index + 1].stage.key]) / 2
            labels.append(Label(gap, TOP - 26, format_percent(step.rate), "gap", key, "went-on"))
            if step.days:
                labels.append(Label(gap, TOP - 8, format_days(step.days.median), "gap"))
        if step.skipped:
            labels.append(Label(x, TOP - 8, f"{short_number(step.skipped)} skip it", "skipped", key, "skipped"))
        below = TOP + DEEP + 50
        for line, (out, n) in enumerate(sorted(step.left.items(), key=lambda item: -item[1])[:3]):
            text = f"{short_number(n)} {self.funnel.name(out).lower()}"
            labels.append(Label(x, below + 16 * line, text, "loss", key, out))
        return labels


def _ribbon_path(begin: tuple[float, float], end: tuple[float, float], out: float, into: float) -> str:
    (x1, y1), (x2, y2) = begin, end
    middle = (x1 + x2) / 2
    return (
        f"M{x1:.1f},{y1:.1f} C{middle:.1f},{y1:.1f} {middle:.1f},{y2:.1f} {x2:.1f},{y2:.1f} v{into:.1f} "
        f"C{middle:.1f},{y2 + into:.1f} {middle:.1f},{y1 + out:.1f} {x1:.1f},{y1 + out:.1f} Z"
    )


def _arch_path(begin: tuple[float, float], end: tuple[float, float], out: float, into: float) -> str:
    """A ribbon that dips below the stages it leaves out."""
    (x1, y1), (x2, y2) = begin, end
    dip = 26
    return (
        f"M{x1:.1f},{y1:.1f} C{x1 + 60:.1f},{y1 + dip:.1f} {x2 - 60:.1f},{y2 + dip:.1f} {x2:.1f},{y2:.1f} v{into:.1f} "
        f"C{x2 - 60:.1f},{y2 + dip + into:.1f} {x1 + 60:.1f},{y1 + dip + out:.1f} {x1:.1f},{y1 + out:.1f} Z"
    )
