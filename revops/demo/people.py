"""The people of AppLexus: users, the owners tied to them, and the territories they answer for. All invented."""

from dataclasses import dataclass

from crm.models import Owner
from revops.demo.story import DOMAIN, LAGGING, SOURCE
from team.models import Role, Territory, User

EAST, CENTRAL, WEST, ISLES = "US East", "US Central", "US West", "UK & Ireland"
TERRITORIES = {"Americas": "", EAST: "Americas", CENTRAL: "Americas", WEST: "Americas",
               "Europe": "", ISLES: "Europe", LAGGING: "Europe"}  # fmt: skip
ZONES = {
    EAST: "America/New_York", CENTRAL: "America/Chicago", WEST: "America/Los_Angeles",
    ISLES: "Europe/London", LAGGING: "Europe/Berlin", "Europe": "Europe/London", "Americas": "",
}  # fmt: skip


@dataclass(frozen=True)
class Rep:
    """A seller, and how this one works."""

    key: str
    name: str
    territory: str
    manager: str
    share: float = 1  # of the territory's firms
    follow_up: float = 0.86  # share of the leads handed over that are ever called
    hours: float = 5  # median working hours until the first call
    skill: float = 1


SLOW = Rep("derek.cho", "Derek Cho", WEST, "ruth.okafor", follow_up=0.6, hours=52, skill=0.6)
GONE = Rep(
    "curtis.vane", "Curtis Vane", CENTRAL, "sam.whitfield", follow_up=0.0
)  # left in spring of the last full year
REPS = (
    Rep("maya.torres", "Maya Torres", EAST, "sam.whitfield", skill=1.25, hours=3),
    Rep("jonas.ebert", "Jonas Ebert", EAST, "sam.whitfield"),
    Rep("lena.baptiste", "Lena Baptiste", EAST, "sam.whitfield", hours=7),
    Rep("amit.ghosh", "Amit Ghosh", CENTRAL, "sam.whitfield", skill=1.1),
    Rep("carla.benitez", "Carla Benitez", CENTRAL, "sam.whitfield", share=0.8, hours=8),
    Rep("tessa.hale", "Tessa Hale", WEST, "ruth.okafor", skill=1.15, hours=4),
    Rep("noah.lindqvist", "Noah Lindqvist", WEST, "ruth.okafor"),
    SLOW,
    Rep("fiona.keane", "Fiona Keane", ISLES, "piet.jansen", skill=1.1, hours=4),
    Rep("harry.osei", "Harry Osei", ISLES, "piet.jansen", hours=9),
    Rep("jana.krause", "Jana Krause", LAGGING, "piet.jansen", hours=11, follow_up=0.78),
    Rep("emil.falk", "Emil Falk", LAGGING, "piet.jansen", share=0.7, hours=14, follow_up=0.72, skill=0.9),
)
STAFF: tuple[tuple[str, str, Role, str, str], ...] = (  # key, name, role, manager, territory
    ("helena.brandt", "Helena Brandt", Role.CEO, "", ""),
    ("priya.raman", "Priya Raman", Role.CMO, "helena.brandt", ""),
    ("marcus.oyelaran", "Marcus Oyelaran", Role.CRO, "helena.brandt", ""),
    ("ingrid.solberg", "Ingrid Solberg", Role.CFO, "helena.brandt", ""),
    ("tomas.vidal", "Tomás Vidal", Role.OPS, "helena.brandt", ""),
    ("nadia.karim", "Nadia Karim", Role.MARKETER, "priya.raman", ""),
    ("owen.fitzgerald", "Owen Fitzgerald", Role.MARKETER, "priya.raman", ""),
    ("lucia.ferrer", "Lucía Ferrer", Role.MARKETER, "priya.raman", "Europe"),
    ("aisha.diallo", "Aisha Diallo", Role.SUPPORT, "helena.brandt", ""),
    ("ben.castell", "Ben Castell", Role.SUPPORT, "aisha.diallo", ""),
    ("greta.holm", "Greta Holm", Role.SUPPORT, "aisha.diallo", "Europe"),
)
MANAGERS: tuple[tuple[str, str, Role, str, str], ...] = (
    ("sam.whitfield", "Sam Whitfield", Role.REP, "marcus.oyelaran", EAST),
    ("ruth.okafor", "Ruth Okafor", Role.REP, "marcus.oyelaran", WEST),
    ("piet.jansen", "Piet Jansen", Role.REP, "marcus.oyelaran", "Europe"),
)
FIRST = "noah.lindqvist"  # an ordinary rep with a full inbox
EVERYBODY = (  # in the order of their sign-ins: one of each role first
    *STAFF,
    *(
        (rep.key, rep.name, Role.REP, rep.manager, rep.territory)
        for rep in sorted(REPS, key=lambda rep: rep.key != FIRST)
    ),
    *MANAGERS,
)


@dataclass(frozen=True)
class People:
    """The users, owners and territories by key; nothing is saved yet."""

    territories: dict[str, Territory]
    users: dict[str, User]
    owners: dict[str, Owner]


def make_people() -> People:
    territories = _build_territories()
    users = _build_users(territories)
    return People(territories, users, _build_owners(users, territories))


def _build_territories() -> dict[str, Territory]:
    made: dict[str, Territory] = {}
    for name, parent in TERRITORIES.items():
        made[name] = Territory(name=name, parent=made.get(parent))
    return made


def _build_users(territories: dict[str, Territory]) -> dict[str, User]:
    made = {
        key: User(email=f"{key}@{DOMAIN}", name=name, role=role, territory=territories.get(territory),
                  time_zone=ZONES.get(territory, ""))
        for key, name, role, _, territory in EVERYBODY
    }  # fmt: skip
    for key, _, _, manager, _ in EVERYBODY:
        made[key].manager = made.get(manager)
    return made


def _build_owners(users: dict[str, User], territories: dict[str, Territory]) -> dict[str, Owner]:
    made = {
        key: Owner(source=SOURCE, external_id=f"owner-{key}", name=user.name, email=user.email, user=user,
                   territory=user.territory)
        for key, user in users.items()
    }  # fmt: skip
    made[GONE.key] = Owner(
        source=SOURCE, external_id=f"owner-{GONE.key}", name=GONE.name, email=f"{GONE.key}@{DOMAIN}",
        territory=territories[GONE.territory], is_active=False,
    )  # fmt: skip
    for key, _, _, manager, _ in EVERYBODY:
        made[key].manager = made.get(manager)
    made[GONE.key].manager = made[GONE.manager]
    return made
