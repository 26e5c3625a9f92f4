"""A real browser and the page served on this machine; every request of the page is written down."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from assistant.settings import load_settings
from tests.support.fake_assistant import FakeConversations, FakeDesk, FakeShop
from tests.support.shops import copy_home

INSTALL = "no browser found; install one with: sudo apt-get install -y chromium"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@dataclass
class Served:
    """The running page and what stands behind it."""

    url: str
    conversations: FakeConversations
    shop: FakeShop
    desk: FakeDesk
    home: Path


@dataclass
class Watched:
    """A page and everything it did."""

    page: Any
    requests: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def outside(self, url: str) -> list[str]:
        return [r for r in self.requests if not r.startswith((url, "data:", "blob:"))]


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """The system's Chromium."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip(INSTALL)
    with sync_api.sync_playwright() as play:
        running = play.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The page over a fake assistant, on a free port."""
    from assistant.ui.server import create_app

    home = tmp_path_factory.mktemp("home")
    settings = load_settings(home, port=free_port(), max_upload_mb=1)
    shop, conversations = FakeShop(), FakeConversations(pause=0.3)
    desk = FakeDesk(home, shop)
    with running(create_app(conversations, shop, desk, settings), settings.port) as url:
        yield Served(url, conversations, shop, desk, home)


@pytest.fixture(scope="session")
def demo_url(demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The whole program over the demo shop, with the built-in planner."""
    from app import compose
    from assistant.ui.server import create_app

    settings = load_settings(copy_home(demo_home, tmp_path_factory.mktemp("demo") / "home"), port=free_port())
    workspace, session = compose(settings)
    with running(create_app(session, workspace, workspace, settings), settings.port) as url:
        yield url


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(app: Any, port: int) -> Iterator[str]:
    """Serve an application on a thread."""
    import uvicorn

    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


def watch(page: Any) -> Watched:
    """Write down requests, console errors and page errors."""
    watched = Watched(page)
    page.on("request", lambda r: watched.requests.append(r.url))
    page.on("websocket", lambda s: watched.requests.append(s.url))
    page.on("console", lambda m: watched.problems.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda e: watched.problems.append(str(e)))
    return watched


@pytest.fixture
def watched(browser: Any, served: Served) -> Iterator[Watched]:
    """A fresh page, already showing the examples."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
    seen = watch(context.new_page())
    seen.page.goto(served.url)
    seen.page.wait_for_selector(".example")
    yield seen
    context.close()
