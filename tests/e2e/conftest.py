"""The product itself, started the way its users start it, and a real browser in front of it."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response, sync_playwright

from tests.browser import find

BASE = Path(__file__).resolve().parent.parent.parent
READY_SECONDS = 420
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "e2e" in item.path.parts:
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.timeout(900))


@dataclass
class Product:
    """A running Accord: its address, its environment (for manage.py) and its log."""

    url: str
    env: dict[str, str]
    log: Path

    def manage(self, *words: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *words], cwd=BASE, env=self.env, capture_output=True, text=True, check=True
        )
        return done.stdout


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            pytest.fail(f"Accord ended while starting:\n{log.read_text()[-4000:]}")
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
    pytest.fail(f"Accord was not ready after {READY_SECONDS} s:\n{log.read_text()[-4000:]}")


@pytest.fixture(scope="package")
def product() -> Iterator[Product]:
    with tempfile.TemporaryDirectory(
        prefix="accord-product-"
    ) as folder:  # pytest's own are shut to the database's user
        yield from running(Path(folder))


def running(folder: Path, demo: str = "1") -> Iterator[Product]:
    port, log = free_port(), folder / "log.txt"
    env = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
    env |= {"DATA_DIR": str(folder / "data"), "PORT": str(port), "DEMO": demo, "PYTHONUNBUFFERED": "1"}
    with log.open("wb") as out:
        process = subprocess.Popen([sys.executable, "-m", "revops.run"], cwd=BASE, env=env, stdout=out, stderr=out)
        product = Product(f"http://localhost:{port}", env, log)
        wait_until_ready(product.url, process, log)
        yield product
        process.terminate()
        process.wait(60)
    written = log.read_text()
    assert "Traceback" not in written, f"The server's log holds errors:\n{written[-6000:]}"


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=find(), args=CHROMIUM_FLAGS)
        yield found
        found.close()


@dataclass
class Watch:
    """Everything a page did that it must not do."""

    host: str
    complaints: list[str] = field(default_factory=list)

    def on(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))
        page.on("request", self._request)
        page.expose_function("accordViolation", lambda text: self.complaints.append(f"{page.url}: {text}"))
        page.add_init_script(
            "document.addEventListener('securitypolicyviolation', e => window.accordViolation("
            "`${e.violatedDirective} blocked ${e.blockedURI} ${e.sourceFile}:${e.lineNumber}`))"
        )

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(f"{message.location.get('url')}: {message.text}")

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https"} and parts.netloc != self.host:
            self.complaints.append(f"asked another host: {request.url}")


@dataclass
class Visit:
    """A page of one person, watched."""

    page: Page
    url: str
    watch: Watch

    def open(self, path: str) -> Response | None:
        return self.page.goto(f"{self.url}{path}", wait_until="networkidle")

    def sign_in(self, role: str, email: str = "") -> None:
        """Sign in with one click on the sign-in page, as the demo's person of that role, or as a person by e-mail."""
        self.open("/accounts/login/")
        button = self.page.get_by_role("button", name=role).first
        if email:
            button.evaluate("(button, email) => { button.form.elements.email.value = email }", email)
        button.click()
        self.page.wait_for_load_state("networkidle")
        assert "/login" not in self.page.url

    def axe(self) -> list[str]:
        """Return what axe finds wrong, the size of targets included."""
        options: dict[str, Any] = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
        is_there = self.page.evaluate("'axe' in window")
        found = (Axe("0") if is_there else Axe()).run(self.page, options=options)
        return [
            f"{self.page.url} {item['id']}: {item['help']} — {json.dumps([node['html'][:160] for node in item['nodes'][:3]])}"
            for item in found.response["violations"]
        ]


@pytest.fixture
def visit(product: Product, browser: Browser) -> Iterator[Callable[..., Visit]]:
    contexts = []
    watch = Watch(urlsplit(product.url).netloc)

    def arrive(*, width: int = 1280, scheme: str = "light", javascript: bool = True) -> Visit:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            java_script_enabled=javascript,  # type: ignore[arg-type]
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        if javascript:
            watch.on(page)
        return Visit(page, product.url, watch)

    yield arrive
    for context in contexts:
        context.close()
    assert not watch.complaints, "\n".join(watch.complaints)
