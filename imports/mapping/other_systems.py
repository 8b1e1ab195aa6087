"""Systems whose exports have columns in common with those of a CRM, and for which Accord has no mapping.

Their files are never taken for another system's; a person maps their columns.
"""

import re
from collections.abc import Iterable

from imports.parsing.headers import fold, without_unit

SYSTEM_MARKS = {  # marks of a system: headers that it alone has, of which as many as the number must be there
    "Marketo": (1, "Marketo|Mkto|SFDC|Acquisition Program|Acquisition Program ID|Lead Partition|Lead Partition ID|Person Partition"
                "|Lead Revenue Cycle Model|Lead Revenue Stage|Original Source Type|Original Source Info|Registration Source Type"
                "|Registration Source Info|Person Source|Relative Urgency|Black Listed|Marketing Suspended|Is Anonymous|Membership Date"),
    "Pardot": (1, "Pardot|CRM Lead FID|CRM Contact FID|CRM Account FID|CRM Owner FID|CRM Opportunity FID|Prospect ID"
               "|Prospect Account|Prospect Account ID|Is Do Not Email|Is Do Not Call|First Activity|Salesforce Lead FID"),
}  # fmt: skip
BEGINNINGS = ("marketo", "mkto", "pardot", "sfdc")
IMPRESSION_COLUMN = re.compile(r"impressions|impr|reach|views|impressionen|einblendungen")
CLICK_COLUMN = re.compile(
    r"(?:link|outbound|unique)?clicks(?:all)?|klicks|interactions|engagements|totalengagements|results|ctr|avgcpc|swipes"
)
COST_COLUMN = re.compile(
    r"(?:total|amount|ad|media)?spen[dt]|cost(?:micros)?|kosten|amountspent.*|spendincurrency|costusd|avgcpc|cpc|cpm|averagecpc|averagecpm"
)
AD_PLATFORM_MARKS = {
    "Meta Ads": "Ad set name|Ad set ID|Reporting starts|Reporting ends|Campaign delivery|Attribution setting|Result indicator",
    "LinkedIn Ads": "Campaign Group Name|Campaign Group ID|Creative Name|Campaign Group Status|Total Engagements",
    "Google Ads": "Ad group|Ad group ID|Impr.|Avg. CPC|Conv. rate|Bid strategy type|Search impr. share|Campaign type|Interaction rate",
}  # fmt: skip


def other_system(header: Iterable[str]) -> str:
    """Return the name of the system that a table is surely from if Accord has no mapping for it; else ""."""
    columns = {fold(without_unit(name)) for name in header} | {fold(name) for name in header}
    for title, (needed, marks) in SYSTEM_MARKS.items():
        marks_present = columns & _folded_marks(marks)
        marks_present |= {
            name for name in columns if name.startswith(BEGINNINGS) and name.startswith(title.casefold()[:4])
        }
        if len(marks_present) >= needed:
            return title
    return _recognise_ad_platform(columns)


def _recognise_ad_platform(columns: set[str]) -> str:
    """Return the platform of an advertising report: it has impressions, and clicks or costs; else ""."""
    is_report = any(map(IMPRESSION_COLUMN.fullmatch, columns)) and any(
        CLICK_COLUMN.fullmatch(name) or COST_COLUMN.fullmatch(name) for name in columns
    )
    if not is_report:
        return ""
    by_marks = {title: len(columns & _folded_marks(marks)) for title, marks in AD_PLATFORM_MARKS.items()}
    title = max(by_marks, key=lambda title: by_marks[title])
    return title if by_marks[title] else "an advertising platform"


def _folded_marks(marks: str) -> set[str]:
    return {fold(name) for name in marks.split("|")}


def describe_missing_mapping(title: str) -> str:
    """Say what to do with such a file."""
    return (
        f"This looks like an export of {title}, for which there is no ready mapping. Choose “Map columns” to import it."
    )
