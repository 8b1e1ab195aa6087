"""A day is one of the company's time zone, wherever the code runs: a worker has UTC, a request the zone of its reader."""

import re
from pathlib import Path

from revops.apps import APPS

ZONELESS = re.compile(r"""__date(__\w+)?=|Trunc\w+\("\w+_at"\)|date\.today\(\)""")


def test_no_filter_and_no_sum_takes_the_day_of_a_moment_from_the_zone_of_whoever_asks() -> None:
    lines = [
        f"{path}:{number}: {line.strip()}"
        for app in APPS
        for path in sorted(Path(app).rglob("*.py"))
        if "migrations" not in path.parts and "demo" not in path.parts
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if ZONELESS.search(line)
    ]
    assert lines == []
