"""A connector is one folder: it is found, checked, offered on the pages, and pulled from, with nothing else edited."""

import importlib
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.test import Client

from connectors import actions, registry, vendors
from connectors.documentation import connectors_as_markdown
from connectors.models import Connector
from connectors.registry import UnknownSource, connector_types, load_connector_types, mapping_folders, source_choices
from core.work import State
from crm.models import Account
from imports.mapping import folders
from imports.mapping.catalogue import source_title
from team.models import User
from tests.connectors.conftest import connect, pull
from tests.connectors.server import Question, Reply, Source, Stage

BASE = Path(django_settings.BASE_DIR)
EXAMPLE = re.compile(r"```(?:python|toml)\n# connectors/vendors/(acme/\S+)\n(.*?)```", re.S)
VENDORS = re.compile("salesforce|hubspot|pipedrive", re.I)


class Acme(Source):
    """The toy CRM of docs/architecture.md: one company to a page."""

    companies: tuple[str, ...] = ("Alpha", "Beta")

    def answer(self, question: Question) -> Reply:
        if question.headers.get("x-api-key") != self.token:
            return Reply({"message": "unknown key"}, 401)
        if question.path == "/me":
            return Reply({"account": "Testing Ltd"})
        assert question.path == "/companies"
        number = int(question.query["after"] or 0)
        row = {
            "id": f"C{number}", "name": self.companies[number],
            "created": "2026-01-02T08:00:00+00:00", "modified": "2026-10-01T08:00:00+00:00",
        }  # fmt: skip
        following = str(number + 1) if number + 1 < len(self.companies) else ""
        return Reply({"rows": [row], "next": following})


@pytest.fixture
def acme_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Install the example of the documentation, as if its folder lay in connectors/vendors/."""
    examples = EXAMPLE.findall((BASE / "docs/architecture.md").read_text())
    assert len(examples) == 4
    for name, text in [("acme/__init__.py", ""), *examples]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(vendors, "__path__", [*vendors.__path__, str(tmp_path)])
    monkeypatch.setattr(folders, "_folders", [folders.BUILT_IN_MAPPINGS])
    connector_types.cache_clear()
    for folder in mapping_folders():
        folders.register_mappings_folder(folder)
    yield
    connector_types.cache_clear()
    for name in [name for name in sys.modules if name.startswith("connectors.vendors.acme")]:
        del sys.modules[name]


@pytest.fixture
def acme(acme_folder: None) -> Iterator[Stage]:
    with Stage(Acme()) as stage:
        yield stage


@pytest.mark.django_db
@pytest.mark.usefixtures("acme_folder")
def test_a_new_folder_is_offered_with_every_sign_in_method(as_user: Any, ops: User) -> None:
    assert ("acme", "Acme CRM") in source_choices()
    assert source_title("acme") == "Acme CRM"
    page = as_user(ops).get("/connectors/").text
    assert "/connectors/new/acme/api_key/" in page
    assert "Acme CRM by API key" in page
    form = as_user(ops).get("/connectors/new/acme/api_key/").text
    assert "Connect Acme CRM" in form
    assert "Like https://yourcompany.acme.example." in form
    assert "Companies" in form
    assert "API key" in form


@pytest.mark.django_db
def test_a_new_folder_is_added_by_its_form_and_pulls_records(acme: Stage, as_user: Any, ops: User) -> None:
    client: Client = as_user(ops)
    fields = {"name": "Acme", "base_url": acme.url, "token": acme.source.token, "kinds": ["companies"], "rhythm": "7 * * * *"}  # fmt: skip
    assert client.post("/connectors/new/acme/api_key/", {**fields, "base_url": "https://api.hubapi.com"}).status_code == 200  # fmt: skip
    assert not Connector.objects.exists(), "an address of another vendor is refused"
    assert client.post("/connectors/new/acme/api_key/", fields).status_code == 302
    connector = Connector.objects.get()
    connector.full_clean()
    assert connector.get_source_display() == "Acme CRM"
    assert pull(connector).state == State.DONE
    accounts = Account.objects.filter(source="acme").order_by("external_id")
    assert [(account.external_id, account.name) for account in accounts] == [("C0", "Alpha"), ("C1", "Beta")]
    assert "Acme CRM" in client.get(f"/connectors/{connector.pk}/").text


@pytest.mark.django_db
def test_a_connector_whose_folder_was_removed_stops_and_can_be_removed(
    hubspot: Stage, ops: User, as_user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    connector = connect(hubspot, ops)
    remaining = {source: declared for source, declared in connector_types().items() if source != "hubspot"}
    monkeypatch.setattr(registry, "connector_types", lambda: remaining)
    assert pull(connector).state == State.FAILED
    stopped = Connector.objects.get()
    assert not stopped.is_enabled
    assert stopped.trouble.startswith("Accord has no connector for “hubspot”. Remove this connector")
    client: Client = as_user(ops)
    for path in ("/connectors/", f"/connectors/{connector.pk}/"):
        assert client.get(path).status_code == 200
    assert client.get(f"/connectors/{connector.pk}/edit/").status_code == 404
    client.post(f"/connectors/{connector.pk}/remove/")
    assert not Connector.objects.exists()


@pytest.mark.django_db
def test_a_source_without_a_connector_is_refused(ops: User) -> None:
    with pytest.raises(UnknownSource, match="no connector for “nonsense”"):
        actions.add_connector(by=ops, source="nonsense", base_url="https://example.com", filled={})
    with pytest.raises(ValidationError) as refused:
        Connector(source="nonsense", name="x", base_url="https://example.com", method="x").full_clean()
    assert "source" in refused.value.message_dict


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"source": "Pipe Drive"}, "source “Pipe Drive” is not valid"),
        ({"source": "x" * 21}, "Use at most 20"),
        ({"title": " "}, "it has no title"),
        ({"domains": ()}, "it has no domains"),
        ({"domains": (".com",)}, "domain “.com” is not valid"),
        ({"domains": ("pipedrive.com",)}, "Write it like .vendor.com"),
        ({"example_url": "https://example.com"}, "example_url “https://example.com” is not an https address"),
        ({"example_url": ""}, "example_url “” is not"),
        ({"base_url": "http://api.pipedrive.com"}, "base_url “http://api.pipedrive.com” is not"),
        ({"sign_in_methods": ()}, "it has no sign_in_methods"),
        ({"sign_in_methods": 2 * connector_types()["pipedrive"].sign_in_methods}, "have the key “oauth”"),
        ({"sign_in_methods": (replace(connector_types()["pipedrive"].sign_in_methods[0], key="a/b"),)}, "“a/b” is not valid as a key"),
        ({"sign_in_methods": (replace(connector_types()["pipedrive"].sign_in_methods[0], credentials=()),)}, "has no credentials"),
        ({"objects": {}}, "it has no objects"),
        ({"optional_objects": frozenset({"moods"})}, "optional_objects names moods"),
    ],
)  # fmt: skip
def test_a_wrong_declaration_says_what_to_correct(changes: dict[str, Any], problem: str) -> None:
    declared = connector_types()["pipedrive"]
    assert list(declared.problems()) == []
    assert problem in " ".join(replace(declared, **changes).problems())


FROM_PIPEDRIVE = (
    "from dataclasses import replace\nfrom connectors.vendors.pipedrive.connector import CONNECTOR as OTHER\n"
)
DECLARATIONS: dict[str, tuple[dict[str, str], str]] = {
    "no connector.py": ({"one": ""}, r"toys_0.one declares no connector. Add CONNECTOR = ConnectorType\(…\) to toys_0.one.connector"),
    "no CONNECTOR": ({"one": "X = 1"}, "toys_1.one declares no connector"),
    "another kind of object": ({"one": "CONNECTOR = 'acme'"}, "toys_2.one declares no connector"),
    "a wrong one": ({"one": f"{FROM_PIPEDRIVE}CONNECTOR = replace(OTHER, objects={{}})"}, "toys_3.one.connector: it has no objects. Name"),
    "one source twice": (
        dict.fromkeys(("one", "two"), f"{FROM_PIPEDRIVE}CONNECTOR = OTHER"),
        "toys_4.one and toys_4.two both declare the source “pipedrive”",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", DECLARATIONS)
def test_a_folder_that_declares_no_connector_is_refused_by_name(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders_by_name, message = DECLARATIONS[case]
    with pytest.raises(ImproperlyConfigured, match=message):
        load_connector_types(
            package_of(tmp_path, monkeypatch, f"toys_{list(DECLARATIONS).index(case)}", folders_by_name)
        )


def test_a_library_that_a_connector_lacks_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModuleNotFoundError, match="no_such_library"):
        load_connector_types(package_of(tmp_path, monkeypatch, "toys_lacking", {"one": "import no_such_library"}))


def package_of(path: Path, monkeypatch: pytest.MonkeyPatch, name: str, connectors: dict[str, str]) -> ModuleType:
    """Write a package with a folder for each connector; an empty text leaves its `connector.py` out."""
    for folder, text in connectors.items():
        (path / name / folder).mkdir(parents=True)
        (path / name / folder / "__init__.py").touch()
        if text:
            (path / name / folder / "connector.py").write_text(text)
    (path / name / "__init__.py").touch()
    monkeypatch.syspath_prepend(path)
    return importlib.import_module(name)


def test_the_documentation_says_what_the_connectors_declare() -> None:
    text = (BASE / "docs/connectors.md").read_text()
    for table in connectors_as_markdown():
        assert table in text, "Write what `manage.py list_connectors` prints into docs/connectors.md."


def test_no_vendor_is_named_outside_its_folder() -> None:
    files = [path for path in (BASE / "connectors").rglob("*.py") if "vendors" not in path.parts]
    files += (BASE / "templates/connectors").rglob("*.html")
    assert len(files) > 20
    assert [str(path.relative_to(BASE)) for path in files if VENDORS.search(path.read_text())] == []
