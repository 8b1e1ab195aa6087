"""A file of leads as a Salesforce data export would write it; the same bytes for the same number of rows."""

from pathlib import Path

import numpy as np
import pandas as pd

SEED = 20_251_122
PIECE = 100_000
FIRST = ["Ada", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gül", "Hugo", "Ines", "Jörg", "Kim", "Lea", "Max", "Nora", "Otto"]
LAST = ["Abel", "Brandt", "Cruz", "Dietz", "Evans", "Fischer", "García", "Huber", "Ivanov", "Jansen", "Koch", "López"]
TITLES = ["CEO", "Head of Purchasing", "VP, Marketing", "Engineer", 'Manager "North"', ""]
SOURCES = ["Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other", ""]
STATUSES = ["Open - Not Contacted", "Working - Contacted", "Closed - Converted", "Closed - Not Converted"]
INDUSTRIES = ["Agriculture", "Banking", "Chemicals", "Energy", "Retail", "Telecommunications"]
COUNTRIES = ["DE", "FR", "US", "BR", "IN", "JP"]


def make_leads_file(rows: int, folder: Path) -> Path:
    """Return the file, made if it is not there yet."""
    path = folder / f"leads-{rows}.csv"
    if not path.exists():
        making = path.with_suffix(".making")
        with making.open("w", newline="") as file:
            for start in range(0, rows, PIECE):
                piece = _leads_frame(start, min(PIECE, rows - start))
                piece.to_csv(file, index=False, header=start == 0, lineterminator="\n")
        making.rename(path)
    return path


def _leads_frame(start: int, count: int) -> pd.DataFrame:
    chance = np.random.default_rng([SEED, start])
    number = np.arange(start, start + count)

    def pick(choices: list[str]) -> np.ndarray:
        return np.asarray(choices, object)[chance.integers(0, len(choices), count)]

    first, last = pick(FIRST), pick(LAST)
    created = np.datetime64("2024-01-01T00:00:00") + chance.integers(0, 60_000_000, count).astype("timedelta64[s]")
    changed = created + chance.integers(0, 5_000_000, count).astype("timedelta64[s]")
    status = pick(STATUSES)
    return pd.DataFrame(
        {
            "Id": [f"00Q{value:015d}" for value in number],
            "FirstName": first,
            "LastName": last,
            "Company": [f"Company {value}" for value in chance.integers(0, 200_000, count)],
            "Email": [f"{a}.{b}.{c}@example.com".lower() for a, b, c in zip(first, last, number, strict=True)],
            "Phone": [f"+49 30 {value:07d}" for value in chance.integers(0, 10**7, count)],
            "Title": pick(TITLES),
            "LeadSource": pick(SOURCES),
            "Status": status,
            "Industry": pick(INDUSTRIES),
            "Country": pick(COUNTRIES),
            "City": pick(["Berlin", "São Paulo", "Austin", "Pune", "Lyon", "Osaka"]),
            "AnnualRevenue": np.round(chance.lognormal(14, 1.5, count), 2),
            "NumberOfEmployees": chance.integers(1, 50_000, count),
            "OwnerId": [f"005{value:015d}" for value in chance.integers(0, 60, count)],
            "IsConverted": np.where(status == "Closed - Converted", "1", "0"),
            "CreatedDate": np.datetime_as_string(created, unit="s"),
            "LastModifiedDate": np.datetime_as_string(changed, unit="s"),
        }
    )
