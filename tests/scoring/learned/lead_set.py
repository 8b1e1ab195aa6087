"""A set of leads as schools publish them: a flag of conversion, no dates, fields that reps fill in afterwards.

Who converts follows from a few honest fields. `Tags`, `Lead Quality`, `Lead Profile` and `Last Notable Activity` are
written when the outcome is known; most other columns say nothing, many cells are empty, or hold the word “Select” of a
list that no one touched.
"""

import csv
from pathlib import Path
from typing import Any

import numpy as np

HONEST = ("Total Time Spent on Website", "Lead Origin", "What is your current occupation", "TotalVisits")
LEAKS = ("Tags", "Lead Quality", "Lead Profile")
FLAGS = (
    "Search", "Magazine", "Newspaper Article", "X Education Forums", "Newspaper", "Digital Advertisement",
    "Through Recommendations", "Receive More Updates About Our Courses", "I agree to pay the amount through cheque",
)  # fmt: skip
ORIGINS = {"API": -0.7, "Landing Page Submission": -0.1, "Lead Add Form": 2.6, "Lead Import": -0.8}
SOURCES = {
    "Google": 0.1,
    "Direct Traffic": -0.5,
    "Olark Chat": 0.3,
    "Organic Search": 0.0,
    "Reference": 1.2,
    "Welingak Website": 2.0,
}
OCCUPATIONS = {"Unemployed": 0.0, "Working Professional": 2.4, "Student": -0.3, "": -1.4}
ACTIVITIES = {
    "Email Opened": 0.0,
    "SMS Sent": 1.1,
    "Olark Chat Conversation": -1.2,
    "Page Visited on Website": -0.4,
    "Converted to Lead": -1.0,
}


def write(path: Path, rows: int = 9_240, seed: int = 7, is_noise: bool = False) -> Path:
    """Write the set; as noise nothing but chance decides who converts, and no one writes anything afterwards."""
    found = _columns(rows, np.random.default_rng(seed), is_noise)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(found)
        writer.writerows(zip(*found.values(), strict=True))
    return path


def _columns(n: int, chance: np.random.Generator, is_noise: bool) -> dict[str, list[Any]]:
    origin = _drawn(chance, ORIGINS, n, [0.39, 0.53, 0.07, 0.01])
    source = _drawn(chance, SOURCES, n, [0.33, 0.29, 0.19, 0.13, 0.05, 0.01])
    occupation = _drawn(chance, OCCUPATIONS, n, [0.6, 0.08, 0.03, 0.29])
    activity = _drawn(chance, ACTIVITIES, n, [0.4, 0.3, 0.11, 0.12, 0.07])
    visits = chance.poisson(3.4, n)
    minutes = np.where(visits > 0, chance.gamma(1.1, 500, n).astype(int), 0)
    mailed = chance.random(n) > 0.08
    lean = (
        np.array([ORIGINS[word] for word in origin]) + np.array([SOURCES[word] for word in source])
        + np.array([OCCUPATIONS[word] for word in occupation]) + np.array([ACTIVITIES[word] for word in activity])
        + minutes / 450 + np.where(mailed, 0, -1.3) - 1.7
    )  # fmt: skip
    won = chance.random(n) < (0.385 if is_noise else 1 / (1 + np.exp(-lean)))
    told = np.zeros(n, bool) if is_noise else won
    return {
        "Prospect ID": [f"{chance.integers(2**63):016x}-{place:08x}" for place in range(n)],
        "Lead Number": list(range(660_737, 660_737 - n, -1)),
        "Lead Origin": origin,
        "Lead Source": _holes(chance, source, 0.004),
        "Do Not Email": ["No" if flag else "Yes" for flag in mailed],
        "Do Not Call": ["No"] * n,
        "Converted": [int(flag) for flag in won],
        "TotalVisits": _holes(chance, visits.tolist(), 0.015),
        "Total Time Spent on Website": minutes.tolist(),
        "Page Views Per Visit": _holes(chance, np.round(np.where(visits > 0, visits / 1.6, 0), 2).tolist(), 0.015),
        "Last Activity": _holes(chance, activity, 0.011),
        "Country": _holes(chance, _any(chance, ["India", "India", "India", "United States", "Singapore"], n), 0.27),
        "Specialization": _any(chance, ["Select", "Finance Management", "Marketing Management", "", "Operations"], n),
        "How did you hear about X Education": _any(chance, ["Select", "Select", "Online Search", "", "Word Of Mouth"], n),
        "What is your current occupation": occupation,
        "What matters most to you in choosing a course": _holes(chance, ["Better Career Prospects"] * n, 0.29),
        **{name: ["No"] * n for name in FLAGS},
        "Tags": _tags(chance, told, is_noise),
        "Lead Quality": _told(chance, told, ["High in Relevance", "Might be"], ["Worst", "Not Sure", "Low in Relevance"], 0.5),
        "Update me on Supply Chain Content": ["No"] * n,
        "Get updates on DM Content": ["No"] * n,
        "Lead Profile": _told(chance, told, ["Potential Lead", "Dual Specialization Student"], ["Select", "Other Leads"], 0.4),
        "City": _any(chance, ["Mumbai", "Mumbai", "Select", "Thane & Outskirts", "Other Cities", ""], n),
        "Asymmetrique Activity Index": _holes(chance, _any(chance, ["01.High", "02.Medium", "02.Medium"], n), 0.45),
        "Asymmetrique Activity Score": _holes(chance, chance.integers(7, 18, n).tolist(), 0.45),
        "A free copy of Mastering The Interview": _any(chance, ["No", "No", "Yes"], n),
        "Last Notable Activity": _told(chance, told, ["SMS Sent", "Modified", "Email Opened"], ["Modified", "Email Opened"], 1.0),
    }  # fmt: skip


def _drawn(chance: np.random.Generator, words: dict[str, float], n: int, shares: list[float]) -> list[str]:
    return [str(word) for word in chance.choice(list(words), n, p=shares)]


def _any(chance: np.random.Generator, words: list[str], n: int) -> list[str]:
    return [str(word) for word in chance.choice(words, n)]


def _holes(chance: np.random.Generator, cells: list[Any], share: float) -> list[Any]:
    return ["" if hole else cell for cell, hole in zip(cells, chance.random(len(cells)) < share, strict=True)]


def _tags(chance: np.random.Generator, told: Any, is_noise: bool) -> list[str]:
    """What the rep wrote when the outcome was known; empty where no one wrote."""
    if is_noise:
        return _any(chance, ["", "Ringing", "Busy"], len(told))
    good = ["Will revert after reading the email", "Closed by Horizzon", "Lost to EINS"]
    bad = ["Ringing", "Interested in other courses", "Already a student", "switched off", "Busy"]
    return [_word(chance, good if flag else bad, 0.86 if flag else 0.5) for flag in told]


def _told(chance: np.random.Generator, told: Any, good: list[str], bad: list[str], share: float) -> list[str]:
    """Words of the good after most conversions, of the bad else; filled in for a share of the leads."""
    said = np.where(told, chance.random(len(told)) < 0.85, chance.random(len(told)) < 0.12)
    return [_word(chance, good if flag else bad, share) for flag in said]


def _word(chance: np.random.Generator, words: list[str], share: float) -> str:
    return str(chance.choice(words)) if chance.random() < share else ""
