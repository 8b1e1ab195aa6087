"""Words to make people and firms of; none of them is meant to exist."""

from dataclasses import dataclass
from random import Random

FIRST = """Aaliyah Aaron Adele Aiko Alberto Alina Amara Anders Anita Anton Ayesha Beatriz Benedikt Bianca Callum Carla Cedric
Chloe Clara Damian Daria Deepak Delia Diego Dominik Edith Elena Elias Emre Esther Fabian Farah Felix Fiona Gareth Gemma
Georg Grace Hamid Hannah Hector Helen Hugo Ines Ingo Irene Isaac Ivana Jamal Jana Joel Judith Julian Karin Keiko Kenji
Lara Laurent Leila Leon Lydia Malik Marta Mateo Maya Miriam Nadine Nathan Nikhil Noor Oscar Paula Pavel Petra Quentin
Rafael Rebecca Rohan Ruth Samir Sandra Selma Simon Sofia Stefan Tamara Tariq Theresa Tobias Uma Valentin Vera Victor
Walter Wendy Xavier Yara Yusuf Zoe""".split()  # noqa: SIM905
LAST = """Abara Ackermann Adeyemi Ahlgren Almeida Anand Archer Baptiste Barlow Becker Benitez Bergman Blake Bose Brandt Calder
Campos Cardoso Castell Chandra Cho Coleman Conti Cooper Dahl Danso Delgado Dietrich Doyle Duarte Ebert Egan Falk Farrell
Fischer Flores Fraser Garner Ghosh Gomez Grant Greco Haas Hale Hartley Hassan Hoffmann Holm Huang Ibrahim Iyer Jansen
Jensen Kaplan Keane Keller Khan Kim Kovacs Krause Lang Larsen Lehmann Lima Lindqvist Lopes Mahoney Malhotra Marsh Mbeki
Meyer Moreau Morris Nakamura Navarro Novak Obi Okafor Olsen Ortega Osei Park Patel Pereira Pratt Quinn Rahman Ramos Reid
Ricci Rossi Rowe Saito Santos Schmid Sharma Silva Singh Sorensen Stein Suarez Tanaka Thorne Torres Ueda Vance Vogel
Walsh Weber Winter Wolff Yilmaz Zhang Zimmer""".split()  # noqa: SIM905
FIRM = """Alderwick Amberley Ardenfield Ashgrove Aurelion Barrowmere Beckwith Bellhaven Birchmont Blackmoor Bluewater Bramhall
Briarcliff Brightwell Calderon Castlegate Cedarline Clearbrook Copperfield Coralby Cranmore Crestline Dalewood
Deepwell Dovecote Dunmore Eastbrook Elmhurst Emberton Everdale Fairholm Falconer Farrow Fernhill Foxbridge Glenmark Goldcrest
Granby Greyfriars Halcyon Harrowgate Hawksmoor Hazelton Highmark Hollowell Ironbark Ivydale Juniper Kestrel Kingsmere
Larkspur Lindenau Lochside Longacre Maplewood Marlowe Millbrook Moorgate Northwick Oakhaven Oldfield Orchard
Pemberley Pinecrest Quarrybank Ravenhill Redstone Ridgeway Riverton Rosebank Saltmarsh Sandford Silverlake Southmoor
Stonebridge Summerfield Tamarind Thornbury Timberline Underhill Valemont Westerly Whitmore Willowbrook Windermoor
Woodlark Yarrow""".split()  # noqa: SIM905
LINES = {
    "Financial services": ("Bank", "Capital", "Credit Union", "Wealth", "Payments"),
    "Insurance": ("Mutual", "Assurance", "Insurance", "Underwriters", "Re"),
    "Manufacturing": ("Industries", "Works", "Engineering", "Tools", "Components"),
    "Logistics": ("Freight", "Logistics", "Shipping", "Warehousing", "Carriers"),
    "Healthcare": ("Health", "Clinics", "Medical", "Care", "Diagnostics"),
    "Hospitality": ("Hotels", "Resorts", "Dining", "Leisure", "Catering"),
}
FINANCE, IT, OPERATIONS, USER = "Finance leader", "IT leader", "Operations leader", "Specialist"
TITLES = {
    FINANCE: ("CFO", "VP Finance", "Finance Director", "Head of Controlling"),
    IT: ("CIO", "VP IT", "Head of Applications", "Enterprise Architect"),
    OPERATIONS: ("COO", "VP Operations", "Director of Operations", "Head of Process Excellence"),
    USER: ("Business Analyst", "Planning Specialist", "Operations Analyst", "Reporting Specialist"),
}
DEPARTMENTS = {FINANCE: "Finance", IT: "IT", OPERATIONS: "Operations", USER: "Analysis"}


@dataclass(frozen=True)
class FictionalPerson:
    """A person at a firm."""

    first: str
    last: str
    persona: str
    title: str

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}"

    def email(self, domain: str) -> str:
        return f"{self.first}.{self.last}@{domain}".lower()


def invent_person(rng: Random, taken: set[str], persona: str) -> FictionalPerson:
    """Invent a person whose name is not taken yet, and take it."""
    while True:
        who = FictionalPerson(rng.choice(FIRST), rng.choice(LAST), persona, rng.choice(TITLES[persona]))
        if who.name not in taken:
            taken.add(who.name)
            return who


def invent_phone(rng: Random, country: str) -> str:
    """Invent a number from a range kept for fiction."""
    if country == "United States":
        return f"+1 {rng.choice((212, 312, 415, 617))} 555 01{rng.randrange(100):02d}"
    return f"+44 20 7946 0{rng.randrange(1000):03d}"
