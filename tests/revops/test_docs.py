"""What the documents say of names is true: variables, commands, lists, metrics, files, links."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands

from alarms.registry import declared_detectors
from crm.api import record_views
from kpis.registry import all_metrics
from revops.apps import APPS

BASE = Path(settings.BASE_DIR)
DOCS = [*BASE.glob("*.md"), *(BASE / "docs").glob("*.md")]
OPERATIONS = (BASE / "docs/operations.md").read_text()
API = (BASE / "docs/api.md").read_text()


def variables() -> set[str]:
    """Every environment variable that the settings, the processes and the services read."""
    read = (BASE / "revops/settings.py").read_text()
    found = set(re.findall(r'env\.\w+\(\s*"(\w+)"', read)) | {"DATA_DIR"}
    for name in ("asgi.py", "processes.py", "run.py"):
        code = (BASE / "revops" / name).read_text()
        found |= set(re.findall(r'(?:variable|environ\.get)\(\s*"(\w+)"', code))
    return found


def test_every_variable_that_is_read_is_explained() -> None:
    explained = {
        name for row in re.findall(r"^\| (`[A-Z][^|]*) \|", OPERATIONS, re.M) for name in re.findall(r"`(\w+)`", row)
    }
    assert variables() == explained


def test_every_command_that_is_named_exists() -> None:
    for file in DOCS:
        named = set(re.findall(r"manage\.py ([a-z_]+)", file.read_text()))
        assert named <= set(get_commands()), file.name


def test_every_list_of_the_api_is_named() -> None:
    section = API[API.index("One list per kind") : API.index("**References**")]
    assert set(re.findall(r"`(\w+)`", section)) == set(record_views())


def test_every_metric_and_detector_that_is_named_exists() -> None:
    keys = {metric.key for metric in all_metrics()} | {detector.key for detector in declared_detectors()}
    for file in DOCS:
        text = file.read_text()
        named = set(re.findall(r"(?:manage\.py metric |/metrics/)([a-z_]+)", text)) | set(
            re.findall(r'key="([a-z_]+)"', text)
        )
        assert named <= keys, file.name


def test_every_room_is_described_top_to_bottom() -> None:
    text = (BASE / "docs/architecture.md").read_text()
    assert re.findall(r"^\| `(\w+)` \|", text, re.M) == APPS[::-1]


@pytest.mark.parametrize("file", DOCS, ids=lambda file: file.name)
def test_every_link_and_every_file_that_is_named_is_there(file: Path) -> None:
    text = file.read_text()
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if not link.startswith("http")]
    named = re.findall(rf"`((?:{'|'.join(set(APPS) - {'agreements'})}|tests|templates|static|docs)/[\w./]+)`", text)
    missing = [link for link in links if not (file.parent / link).exists()] + [
        name for name in named if not (BASE / name).exists()
    ]
    assert not missing


@pytest.mark.parametrize("file", DOCS, ids=lambda file: file.name)
def test_every_function_that_is_named_beside_its_file_is_defined_there(file: Path) -> None:
    """`funnel/contests.py` (answer_verdicts, contest_verdict): a rename must not leave the old name in the documents."""
    for path, names in re.findall(r"`([a-z_/]+\.py)` \(([a-z_]+(?:, [a-z_]+)*)\)", file.read_text()):
        defined = set(re.findall(r"^def (\w+)", (BASE / path).read_text(), re.M))
        assert set(names.split(", ")) <= defined, path
