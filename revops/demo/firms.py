"""The market: firms that AppLexus sells to, each in one vertical, one territory, with one rep."""

from dataclasses import dataclass, field
from datetime import date
from random import Random

from revops.demo.dice import draw_lognormal, seeded_random
from revops.demo.names import FIRM, LINES, FictionalPerson, invent_person
from revops.demo.people import CENTRAL, EAST, ISLES, REPS, WEST, Rep
from revops.demo.story import LAGGING, OUTSIDE, OUTSIDE_WINS, VERTICALS

FIRMS, CUSTOMERS_BEFORE = 1600, 80
STATES = "United States"
PLACES: dict[str, tuple[tuple[str, str, str], ...]] = {  # (city, region, country)
    EAST: (("New York", "NY", STATES), ("Boston", "MA", STATES), ("Atlanta", "GA", STATES), ("Charlotte", "NC", STATES)),
    CENTRAL: (("Chicago", "IL", STATES), ("Dallas", "TX", STATES), ("Minneapolis", "MN", STATES)),
    WEST: (("San Francisco", "CA", STATES), ("Seattle", "WA", STATES), ("Denver", "CO", STATES)),
    ISLES: (("London", "England", "United Kingdom"), ("Manchester", "England", "United Kingdom"),
            ("Dublin", "Leinster", "Ireland")),
    LAGGING: (("Munich", "Bavaria", "Germany"), ("Hamburg", "Hamburg", "Germany"), ("Zurich", "Zurich", "Switzerland"),
              ("Vienna", "Vienna", "Austria")),
}  # fmt: skip
TERRITORY_WEIGHTS = {EAST: 0.29, CENTRAL: 0.17, WEST: 0.24, ISLES: 0.15, LAGGING: 0.15}


@dataclass(eq=False)
class Firm:
    """A company of the market, and what it is to AppLexus."""

    number: int
    name: str
    vertical: str
    territory: str
    location: tuple[str, str, str]
    employees: int
    rep: Rep
    founded: int
    taken_names: set[str] = field(default_factory=set)  # names of its people, so that no one is met twice
    customer_since: date | None = None
    left_on: date | None = None

    @property
    def domain(self) -> str:
        return self.name.lower().replace(" ", "").replace("&", "and") + ".example"

    @property
    def size(self) -> float:
        """How large its deals are, 1 for a firm of 700 people."""
        return min(max((self.employees / 700) ** 0.25, 0.6), 2.0)

    @property
    def readiness(self) -> float:
        """How likely it buys, beside others."""
        return OUTSIDE_WINS if self.vertical == OUTSIDE else 1.0

    def is_customer(self, day: date) -> bool:
        return bool(self.customer_since and self.customer_since <= day and not (self.left_on and self.left_on <= day))

    def person(self, rng: Random, persona: str) -> FictionalPerson:
        return invent_person(rng, self.taken_names, persona)


def make_firms(first: date) -> list[Firm]:
    """Found the market; some firms were customers long before the first day."""
    rng = seeded_random("firms")
    names = [(vertical, name) for vertical in VERTICALS for name in _draw_names(rng, vertical)]
    rng.shuffle(names)
    firms = [_build_firm(rng, number, vertical, name) for number, (vertical, name) in enumerate(names, 1)]
    loyal = [firm for firm in firms if firm.vertical != OUTSIDE]
    for firm in rng.sample(loyal, CUSTOMERS_BEFORE):
        firm.customer_since = date(first.year - rng.randint(2, 7), rng.randint(1, 12), rng.randint(1, 28))
    return firms


def _draw_names(rng: Random, vertical: str) -> list[str]:
    every = [f"{word} {line}" for word in FIRM for line in LINES[vertical]]
    return rng.sample(every, round(FIRMS * VERTICALS[vertical]))


def _build_firm(rng: Random, number: int, vertical: str, name: str) -> Firm:
    territory = rng.choices(list(TERRITORY_WEIGHTS), list(TERRITORY_WEIGHTS.values()))[0]
    reps = [rep for rep in REPS if rep.territory == territory]
    return Firm(
        number=number,
        name=name,
        vertical=vertical,
        territory=territory,
        location=rng.choice(PLACES[territory]),
        employees=round(draw_lognormal(rng, 720, 1.0, 40, 30_000)),
        rep=rng.choices(reps, [rep.share for rep in reps])[0],
        founded=rng.randint(1921, 2016),
    )
