"""What there is to be tried: every page, every form and every parameter, read from the URLs, the HTML and the code."""

import re
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

from django.test import Client
from django.urls import URLPattern, get_resolver

from revops.apps import APPS
from team.models import User
from tests.conftest import proven

BASE = Path(__file__).resolve().parents[2]
LEFT_OUT = re.compile(r"^/(static|api|admin/jsi18n|accounts/logout|demo-sign-in|healthz|readyz|__)")
READ = re.compile(r"""(?:GET|POST|query|query_params|given|data)\.(?:get|getlist)\(\s*["']([\w.-]+)["']""")
FAULTS_SHOWN = 20
SAMPLES = {"int": "1", "slug": "leads", "str": "revenue", "uuid": "0" * 8 + "-0000-4000-8000-" + "0" * 12, "path": "x"}


@dataclass(frozen=True)
class Form:
    """A form as a page shows it: where it goes, its fields with the values they have, and what may be chosen."""

    action: str
    method: str
    fields: tuple[tuple[str, str], ...] = ()
    choices: dict[str, tuple[str, ...]] = field(default_factory=dict, hash=False, compare=False)
    kinds: dict[str, str] = field(default_factory=dict, hash=False, compare=False)  # the types of the inputs

    @property
    def shape(self) -> tuple[str, tuple[str, ...]]:
        return shape(self.action), tuple(sorted({re.sub(r"\d+", "*", name) for name, _ in self.fields}))


class Reader(HTMLParser):
    """Reads the links and forms of a page."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address, self.links, self.forms = address, list[str](), list[Form]()
        self._form: dict[str, Any] | None = None
        self._select, self._textarea = "", ""

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a" and given.get("href"):
            self.links.append(urljoin(self.address, given["href"]).partition("#")[0])
        for name in ("hx-get", "data-src", "data-url"):
            if given.get(name):
                self.links.append(urljoin(self.address, given[name]))
        if tag == "form":
            self._form = {
                "action": urljoin(self.address, given.get("action", "")),
                "fields": [],
                "choices": {},
                "kinds": {},
            }
            self._form["method"] = given.get("method", "get").lower()
        elif self._form is not None:
            self._field(tag, given)

    def _field(self, tag: str, given: dict[str, str]) -> None:
        assert self._form is not None
        name = given.get("name", "")
        if tag in {"input", "button"} and name and name != "csrfmiddlewaretoken":
            kind = given.get("type", "submit" if tag == "button" else "text")
            self._form["kinds"][name] = kind
            if kind in {"checkbox", "radio"}:
                self._form["choices"].setdefault(name, []).append(given.get("value", "on"))
            if kind not in {"checkbox", "radio"} or "checked" in given:
                self._form["fields"].append((name, given.get("value", "")))
        elif tag == "select" and name:
            self._select = name
            self._form["choices"][name] = []
        elif tag == "option" and self._select:
            self._form["choices"][self._select].append(given.get("value", ""))
            if "selected" in given:
                self._form["fields"].append((self._select, given.get("value", "")))
        elif tag == "textarea" and name:
            self._textarea = name
            self._form["fields"].append((name, ""))

    def handle_data(self, text: str) -> None:
        if self._textarea and self._form is not None:
            self._form["fields"][-1] = (self._textarea, self._form["fields"][-1][1] + text.lstrip("\n"))

    def handle_endtag(self, tag: str) -> None:
        if tag == "select" and self._form is not None and self._select:
            chosen = {name for name, _ in self._form["fields"]}
            if self._select not in chosen and self._form["choices"][self._select]:
                self._form["fields"].append((self._select, self._form["choices"][self._select][0]))
            self._select = ""
        elif tag == "textarea":
            self._textarea = ""
        elif tag == "form" and self._form is not None:
            made, self._form = self._form, None
            choices = {name: tuple(values) for name, values in made["choices"].items()}
            self.forms.append(Form(made["action"], made["method"], tuple(made["fields"]), choices, made["kinds"]))


def shape(address: str) -> str:
    """One page of a kind represents all: numbers and keys become stars, the query is left out."""
    path = re.sub(r"^/(metrics|funnel/stages|imports/templates)/(?!new/)\w+", r"/\1/*", urlsplit(address).path)
    return re.sub(r"/(\d+|[0-9a-f]{32}|[\w-]{22})(?=/|$)", "/*", path)


def is_ours(address: str) -> bool:
    return address.startswith("/") and not address.startswith("//") and not LEFT_OUT.search(address)


def signed_in(user: User | None) -> Client:
    """Return a client of a person who has entered the password just now."""
    client = Client(raise_request_exception=False)
    if user:
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        proven(client, user)
    return client


@dataclass
class Ground:
    """Everything that was seen, by whichever role."""

    addresses: dict[str, str] = field(default_factory=dict)  # by shape, one for all
    forms: dict[Any, Form] = field(default_factory=dict)
    seen_by: dict[Any, User] = field(default_factory=dict)  # who was shown a form
    parameters: set[str] = field(default_factory=set)

    def walk(self, user: User | None, most: int = 200) -> Iterator[tuple[str, Any]]:
        """Follow every link from the start, one page of each shape, and keep what the pages offer."""
        client = signed_in(user)
        waiting, seen = ["/home/", "/imports/", "/"], set[str]()
        while waiting and len(seen) < most:
            address = waiting.pop(0)
            if shape(address) in seen:
                continue
            seen.add(shape(address))
            answer = client.get(address)
            yield address, answer
            if answer.streaming:
                b"".join(answer.streaming_content)
            if 300 <= answer.status_code < 400:
                waiting.insert(0, urljoin(address, answer.headers["Location"]))
            if answer.status_code == 200:
                self.addresses[shape(address)] = address
                waiting += [link for link in self._read(address, answer, user) if is_ours(link)]
            if not waiting:
                waiting = [pattern for pattern in patterns() if shape(pattern) not in seen]

    def _read(self, address: str, answer: Any, user: User | None) -> list[str]:
        if "html" not in answer.headers.get("Content-Type", "") or answer.streaming:
            return []
        page = Reader(address)
        page.feed(answer.content.decode())
        for form in page.forms:
            if is_ours(form.action):
                self.forms.setdefault(form.shape, form)
                if user:
                    self.seen_by.setdefault(form.shape, user)
                self.parameters |= {name for name, _ in form.fields} if form.method == "get" else set()
        for link in page.links:
            self.parameters |= {name for name, _ in parse_qsl(urlsplit(link).query)}
        return page.links


def patterns() -> list[str]:
    """Return an address for every pattern of the URL resolver."""
    return sorted({address for address in _addresses(get_resolver(), "/") if is_ours(address)})


def _addresses(resolver: Any, before: str) -> Iterator[str]:
    for one in resolver.url_patterns:
        route = before + str(one.pattern).lstrip("^").rstrip("$").replace(r"\Z", "")
        if isinstance(one, URLPattern):
            filled = re.sub(r"<(?:(\w+):)?\w+>", lambda found: SAMPLES.get(found[1] or "str", "1"), route)
            yield re.sub(r"\(\?P<\w+>[^)]*\)", "1", filled)
        else:
            yield from _addresses(one, route)


def declared_parameters() -> set[str]:
    """Return every name that the code reads out of a request."""
    sources = (path for app in APPS for path in (BASE / app).rglob("*.py") if "migrations" not in path.parts)
    return {name for path in sources for name in READ.findall(path.read_text())}


def fault(answer: Any, method: str, address: str, data: Any) -> str:
    if answer.status_code < 500:
        return ""
    kind, error, trace = getattr(answer, "exc_info", None) or (None, None, None)
    place = traceback.extract_tb(trace)[-1] if trace else ""
    return f"{answer.status_code} {method} {address[:200]} {str(data)[:300]}: {kind and kind.__name__} {str(error)[:200]} at {place}"


def distinct(faults: list[str]) -> list[str]:
    """Return one fault of each place."""
    return list({one.rpartition(" at ")[2] + shape(one.split()[2]): one for one in faults}.values())[:FAULTS_SHOWN]
