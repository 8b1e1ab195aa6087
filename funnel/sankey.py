"""The funnel drawn as one river: left to right, width by count or value, losses downward, what came back flowing back.

Pure geometry: shapes in the units of the drawing, each with its words, its side and the part of the numbers it shows.
"""

from dataclasses import dataclass
from decimal import Decimal

from core.formatting import days, percent, short_money, short_number
from funnel.measures import River, Step
from funnel.stages.drafts import Funnel

WIDTH, TOP, DEEP = 1120, 74, 190
NODE = 12
BACK = ("recycled",)
THIN = 1.5  # what is there at all can be seen


@dataclass(frozen=True)
class Shape:
    """A piece of the river: an outline, whose it is, what it says, and which leads it stands for."""

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
    words: str
    kind: str  # name, number, gap, loss
    stage: str = ""
    part: str = ""


@dataclass(frozen=True)
class Drawing:
    shapes: tuple[Shape, ...]
    labels: tuple[Label, ...]
    height: float
    width: float = WIDTH


def draw(river: River, funnel: Funnel, by_value: bool = False) -> Drawing:
    """Lay the river out. By value, a flow is as wide as its share of what its stage is worth."""
    steps = river.steps
    largest = max((_size(step, by_value) for step in steps), default=0)
    if not largest:
        return Drawing((), (), 0)
    scale = DEEP / float(largest)
    places = {step.stage.key: _x(step.place, len(steps)) for step in steps}
    shapes: list[Shape] = []
    labels: list[Label] = []
    for step in steps:
        shapes += _flows(step, steps, places, scale, by_value, funnel)
        shapes += _losses(step, places[step.stage.key], scale, by_value, funnel)
        labels += _labels(step, steps, places, by_value, river.currency, funnel)
    shapes += [_stage(step, places[step.stage.key], scale, by_value) for step in steps]
    return Drawing(tuple(shapes), tuple(labels), TOP + DEEP + 96)


def _x(place: int, count: int) -> float:
    return 8 + place * (WIDTH - 130) / max(count - 1, 1)


def _size(step: Step, by_value: bool) -> float:
    return float(step.value or 0) if by_value else step.entered


def _thick(n: int, step: Step, scale: float, by_value: bool) -> float:
    """How wide a flow of n leads out of a stage is; by value each of its leads weighs the same."""
    share = Decimal(n) / step.entered if step.entered else Decimal()
    size = float(share * (step.value or 0)) if by_value else n
    return max(size * scale, THIN) if n else 0


def _height(step: Step, scale: float, by_value: bool) -> float:
    return max(_size(step, by_value) * scale, THIN) if step.entered else THIN


def _stage(step: Step, x: float, scale: float, by_value: bool) -> Shape:
    height = _height(step, scale, by_value)
    title = f"{step.stage.name}: {short_number(step.entered)} entered"
    return Shape(
        f"M{x:.1f},{TOP} h{NODE} v{height:.1f} h-{NODE} Z", step.stage.side, "stage", title, step.stage.key, "entered"
    )


def _flows(
    step: Step, steps: tuple[Step, ...], places: dict[str, float], scale: float, by_value: bool, funnel: Funnel
) -> list[Shape]:
    """Ribbons to the next stages, each beginning where the one before ended; one that leaves out stages arches over."""
    found, top = [], float(TOP)
    by_key = {one.stage.key: one for one in steps}
    for key, n in step.flows.items():
        other = by_key[key]
        width = _thick(n, step, scale, by_value)
        begin = (places[step.stage.key] + NODE, top)
        end = (places[key], TOP)
        into = min(width, _height(other, scale, by_value)) if by_value else width
        skips = other.place - step.place > 1
        title = f"{short_number(n)} went from {step.stage.name} to {funnel.name(key)}"
        side = step.stage.side if step.stage.side == other.stage.side else "joint"
        path = _arch(begin, end, width, into) if skips else _ribbon(begin, end, width, into)
        found.append(Shape(path, side, "skip" if skips else "flow", title, step.stage.key, f"to-{key}"))
        top += width
    return found


def _ribbon(begin: tuple[float, float], end: tuple[float, float], out: float, into: float) -> str:
    (x1, y1), (x2, y2) = begin, end
    middle = (x1 + x2) / 2
    return (
        f"M{x1:.1f},{y1:.1f} C{middle:.1f},{y1:.1f} {middle:.1f},{y2:.1f} {x2:.1f},{y2:.1f} v{into:.1f} "
        f"C{middle:.1f},{y2 + into:.1f} {middle:.1f},{y1 + out:.1f} {x1:.1f},{y1 + out:.1f} Z"
    )


def _arch(begin: tuple[float, float], end: tuple[float, float], out: float, into: float) -> str:
    """A ribbon that dips below the stages it leaves out."""
    (x1, y1), (x2, y2) = begin, end
    dip = 26
    return (
        f"M{x1:.1f},{y1:.1f} C{x1 + 60:.1f},{y1 + dip:.1f} {x2 - 60:.1f},{y2 + dip:.1f} {x2:.1f},{y2:.1f} v{into:.1f} "
        f"C{x2 - 60:.1f},{y2 + dip + into:.1f} {x1 + 60:.1f},{y1 + dip + out:.1f} {x1:.1f},{y1 + out:.1f} Z"
    )


def _losses(step: Step, x: float, scale: float, by_value: bool, funnel: Funnel) -> list[Shape]:
    """What left from here flows down, side by side; what goes back to nurture turns back."""
    found: list[Shape] = []
    from_y = TOP + _height(step, scale, by_value)
    down = TOP + DEEP + 30
    left = x
    for key, n in sorted(step.left.items(), key=lambda one: one[0] in BACK):
        width = min(max(_thick(n, step, scale, by_value) / 2, THIN), 26)
        title = f"{short_number(n)} left {step.stage.name}: {funnel.name(key)}"
        if key in BACK:
            path = f"M{x:.1f},{from_y:.1f} C{x - 6:.1f},{down:.1f} {x - 34:.1f},{down:.1f} {x - 44:.1f},{down - 26:.1f}"
            found.append(Shape(path, "marketing", "back", title, step.stage.key, key))
        else:
            path = f"M{left:.1f},{from_y:.1f} h{width:.1f} V{down:.1f} h-{width:.1f} Z"
            found.append(Shape(path, "neutral", "loss", title, step.stage.key, key))
            left += width + 2
    return found


def _labels(
    step: Step, steps: tuple[Step, ...], places: dict[str, float], by_value: bool, currency: str, funnel: Funnel
) -> list[Label]:
    x, key = places[step.stage.key], step.stage.key
    number = short_money(step.value, currency) if by_value else short_number(step.entered)
    found = [Label(x, 22, step.stage.name, "name"), Label(x, 48, number, "number", key, "entered")]
    if step.place + 1 < len(steps) and step.entered:
        gap = (x + NODE + places[steps[step.place + 1].stage.key]) / 2
        found.append(Label(gap, TOP - 26, percent(step.rate), "gap", key, "went-on"))
        if step.days:
            found.append(Label(gap, TOP - 8, days(step.days.median), "gap"))
    if step.skipped:
        found.append(Label(x, TOP - 8, f"{short_number(step.skipped)} skip it", "skipped", key, "skipped"))
    below = TOP + DEEP + 50
    for line, (out, n) in enumerate(sorted(step.left.items(), key=lambda one: -one[1])[:3]):
        found.append(Label(x, below + 16 * line, f"{short_number(n)} {funnel.name(out).lower()}", "loss", key, out))
    return found
