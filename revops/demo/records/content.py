"""What Marketing wrote, and what Sales makes of it: a third of it is used, most of the rest is not even known."""

from random import Random

from crm.models import ContentAsset, ContentUse
from revops.demo.book import Book
from revops.demo.deals import Deal
from revops.demo.dice import draw_lognormal, draw_poisson, seeded_random
from revops.demo.names import FINANCE, IT, OPERATIONS, USER
from revops.demo.people import REPS
from revops.demo.story import DOMAIN, OPEN_STAGES

ASSETS: tuple[tuple[str, str, int, str, bool], ...] = (  # name, kind, stage, persona, whether Sales uses it
    ("The operations e-book", "E-book", 0, OPERATIONS, False),
    ("First look: the product in ten minutes", "Film", 0, USER, True),
    ("Five signs that your close takes too long", "Article", 0, FINANCE, False),
    ("The planner's checklist", "Checklist", 0, USER, False),
    ("Market report", "Report", 0, OPERATIONS, False),
    ("Why spreadsheets break at scale", "Article", 0, USER, False),
    ("Webinar recording: spring series, part 1", "Film", 0, USER, False),
    ("Webinar recording: spring series, part 2", "Film", 0, USER, False),
    ("Webinar recording: spring series, part 3", "Film", 0, USER, False),
    ("Podcast: operations talk", "Podcast", 0, OPERATIONS, False),
    ("Company brochure", "Brochure", 0, "", False),
    ("Infographic: a day in planning", "Infographic", 0, USER, False),
    ("Discovery questions for the department", "Guide", 1, OPERATIONS, True),
    ("Industry brief: financial services", "Brief", 1, FINANCE, True),
    ("Industry brief: insurance", "Brief", 1, FINANCE, True),
    ("Industry brief: manufacturing", "Brief", 1, OPERATIONS, True),
    ("Industry brief: hospitality", "Brief", 1, OPERATIONS, False),
    ("Industry brief: healthcare", "Brief", 1, OPERATIONS, False),
    ("Maturity test", "Tool", 1, OPERATIONS, False),
    ("Glossary of planning", "Guide", 1, USER, False),
    ("Product deck", "Deck", 2, "", True),
    ("Security white paper", "White paper", 2, IT, True),
    ("Architecture overview", "White paper", 2, IT, True),
    ("Integration catalogue", "Catalogue", 2, IT, False),
    ("Demo script with their own data", "Guide", 2, USER, True),
    ("Reference: a bank that closes in three days", "Reference", 2, FINANCE, True),
    ("Reference: an insurer in eight weeks", "Reference", 2, FINANCE, True),
    ("Reference: a plant network", "Reference", 2, OPERATIONS, False),
    ("Feature comparison", "Sheet", 2, USER, True),
    ("Release notes, collected", "Sheet", 2, USER, False),
    ("Film: a customer speaks", "Film", 2, OPERATIONS, False),
    ("Sustainability statement", "Sheet", 2, "", False),
    ("Business case calculator", "Tool", 3, FINANCE, True),
    ("Offer template", "Template", 3, "", True),
    ("Implementation plan", "Plan", 3, OPERATIONS, False),
    ("Price guide", "Sheet", 3, "", False),
)
FOR_VERTICAL = {  # what is written for one industry; the rest serves all
    "Industry brief: financial services": "Financial services",
    "Industry brief: insurance": "Insurance",
    "Industry brief: manufacturing": "Manufacturing",
    "Industry brief: hospitality": "Hospitality",
    "Industry brief: healthcare": "Healthcare",
    "Reference: a bank that closes in three days": "Financial services",
    "Reference: an insurer in eight weeks": "Insurance",
    "Reference: a plant network": "Manufacturing",
}
UNOPENED = {  # what no buyer looks at, though mails name it
    "Podcast: operations talk", "Infographic: a day in planning", "Glossary of planning", "Release notes, collected",
    "Sustainability statement", "Price guide", "Integration catalogue",
}  # fmt: skip
REASONS = {"Not known": 46, "Not found": 30, "Does not fit": 24}
UNUSED_A_YEAR = 150


def write_assets(book: Book) -> None:
    made = book.calendar.moment(book.calendar.first, 9)
    for number, (name, kind, stage, persona, _) in enumerate(ASSETS, 1):
        book.assets.append(
            book.write(
                ContentAsset,
                f"asset-{number:02}",
                name=name,
                kind=kind,
                stage=OPEN_STAGES[stage],
                persona=persona,
                vertical=book.verticals.get(FOR_VERTICAL.get(name, "")),
                url=f"https://content.{DOMAIN}/{number:02}",
                created_at=made,
            )
        )


def write_uses(book: Book) -> None:
    rng = seeded_random("content")
    useful = [asset for asset, (*_, is_used) in zip(book.assets, ASSETS, strict=True) if is_used]
    for deal in book.deals:
        for number in range(1, 1 + draw_poisson(rng, 1.1)):
            _write_use(book, rng, deal, rng.choice(useful), number)
    _write_unused(book, rng)


def _write_use(book: Book, rng: Random, deal: Deal, asset: ContentAsset, number: int) -> None:
    """Ask for an asset, get it, and send it to a buyer, who may open it."""
    requested = book.calendar.between(rng, deal.opened, deal.closed)
    used = book.calendar.later(requested, draw_lognormal(rng, 3, 1.0, 0.2, 60))
    opened = book.calendar.later(used, draw_lognormal(rng, 7, 0.9, 0.2, 80)) if rng.random() < 0.62 else None
    if not book.calendar.seen(requested) or not book.calendar.seen(used):
        return
    opportunity = book.deals[deal]
    book.write(
        ContentUse, f"use-{deal.number:05}-{number}", asset=asset, owner=opportunity.owner, opportunity=opportunity,
        lead=opportunity.lead, requested_at=requested, used_at=used, opened_at=opened if book.calendar.seen(opened) else None,
        created_at=requested,
    )  # fmt: skip


def _write_unused(book: Book, rng: Random) -> None:
    """Write down why reps did not use what there is."""
    idle = [asset for asset, (*_, is_used) in zip(book.assets, ASSETS, strict=True) if not is_used]
    days = (book.calendar.last - book.calendar.first).days + 1
    start, end = book.calendar.moment(book.calendar.first, 9), book.calendar.moment(book.calendar.last, 17)
    for number in range(1, 1 + round(UNUSED_A_YEAR * days / 365)):
        moment = book.calendar.between(rng, start, end)
        if book.calendar.seen(moment):
            book.write(
                ContentUse, f"use-none-{number:04}", asset=rng.choice(idle),
                owner=book.people.owners[rng.choice(REPS).key], requested_at=moment,
                reason_unused=rng.choices(list(REASONS), list(REASONS.values()))[0], created_at=moment,
            )  # fmt: skip
