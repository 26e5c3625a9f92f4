"""Kills, and several programs at one shop: nothing acknowledged is lost, nothing half-done is seen."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import app
from assistant.caching import OnceCache
from assistant.campaigns.store import DraftStore
from assistant.data.warehouse import current_manifest, write_snapshot
from assistant.plans import QueryPlan
from assistant.settings import load_settings
from assistant.workspace import Workspace
from tests.support.program import ROOT, program
from tests.support.tiny_shop import tiny_tables

ORDERS = QueryPlan(metrics=("orders",))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Home folder of the tiny shop."""
    home = tmp_path / "home"
    write_snapshot(home / "snapshots", tiny_tables(), source="tests", name="tiny", currency="EUR")
    return home


def orders_file(path: Path, orders: int) -> Path:
    rows = [f"A{i},K{i % 7},2024-{1 + i % 12:02d}-{1 + i % 28:02d},S{i % 5},1,{i % 90 + 1}.50" for i in range(orders)]
    path.write_text("order id,customer id,order date,sku,quantity,price\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def started(*arguments: str, home: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(ROOT / "app.py"), *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "ASSISTANT_HOME": str(home)}, cwd=home,
    )


def count(home: Path) -> int:
    return int(Workspace(load_settings(home)).query(ORDERS).tables[0].rows[0][0])


def kill_loads(home: Path, file: Path, orders: int, times: int) -> None:
    """Kill loads at random points: before and after, the shop is whole and one of the two."""
    known = count(home)
    pick = random.Random(7)
    for _ in range(times):
        load = started("load", str(file), home=home)
        try:
            load.communicate(timeout=pick.uniform(0.6, 3.5))
        except subprocess.TimeoutExpired:
            load.kill()
            load.communicate()
        now = count(home)
        assert now in {known, orders}
        known = now
    assert program("load", str(file), home=home).returncode == 0
    assert count(home) == orders
    assert [p.name for p in (home / "snapshots").iterdir() if p.name.startswith(".")] == []


def test_killed_loads_leave_the_old_or_the_new_data(home: Path) -> None:
    kill_loads(home, orders_file(home / "orders.csv", 50_000), 50_000, times=2)


@pytest.mark.slow
def test_many_killed_loads(home: Path) -> None:
    kill_loads(home, orders_file(home / "orders.csv", 200_000), 200_000, times=15)


def test_half_written_files_of_a_killed_writer_are_removed_by_the_next(home: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    left = home / "snapshots" / f".20240101T000000-abcdef-{child.pid}.building"
    own = home / "snapshots" / f".20240101T000000-abcdef-{os.getpid()}.building"
    left.write_bytes(b"half")
    own.write_bytes(b"half")
    write_snapshot(home / "snapshots", tiny_tables(), source="tests", currency="EUR")
    assert not left.exists() and own.exists()


def test_two_loads_at_once_both_end_whole(home: Path) -> None:
    files = [orders_file(home / f"orders{n}.csv", n) for n in (20_000, 30_000)]
    loads = [started("load", str(file), home=home) for file in files]
    for load in loads:
        _, stderr = load.communicate(timeout=120)
        assert load.returncode == 0, stderr
    assert count(home) in {20_000, 30_000}


def test_a_running_session_answers_from_the_new_data_after_a_load_elsewhere(home: Path) -> None:
    _, session = app.compose(load_settings(home))
    before = session.answer("t", "How many orders did we have in total?")
    assert before.outcome == "answered"
    assert program("load", str(orders_file(home / "orders.csv", 321)), home=home).returncode == 0
    after = session.answer("t", "How many orders did we have in total?")
    assert after.outcome == "answered" and "321" in after.reply
    assert [n.value for n in after.numbers if n.unit == "count"] == [321]
    asked = program("ask", "How many orders did we have in total?", home=home)
    assert asked.returncode == 0 and "321" in asked.stdout
    assert len(session.history("t")) == 2


def test_questions_and_loads_at_once_see_one_snapshot_each(home: Path) -> None:
    workspace = Workspace(load_settings(home))
    old = int(workspace.query(ORDERS).tables[0].rows[0][0])
    seen: list[int] = []
    errors: list[BaseException] = []
    done = threading.Event()

    def asking() -> None:
        try:
            while not done.is_set():
                seen.append(int(workspace.query(ORDERS).tables[0].rows[0][0]))
        except BaseException as error:  # noqa: BLE001 - handed to the test
            errors.append(error)

    threads = [threading.Thread(target=asking) for _ in range(3)]
    for thread in threads:
        thread.start()
    for n in (111, 222):
        Workspace(load_settings(home)).load([orders_file(home / "orders.csv", n)])
    done.set()
    for thread in threads:
        thread.join(60)
    assert errors == []
    assert set(seen) <= {old, 111, 222}
    assert int(workspace.query(ORDERS).tables[0].rows[0][0]) == 222


def test_a_port_in_use_is_one_line_before_any_work(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        out = program("serve", "--port", str(port), home=tmp_path)
    assert out.returncode == 1 and "Traceback" not in out.stderr
    assert str(port) in out.stderr and "--port" in out.stderr
    assert current_manifest(tmp_path / "snapshots") is None


def test_two_drafts_at_once_never_share_an_id(tmp_path: Path) -> None:
    taken: list[str] = []
    start = threading.Barrier(8)

    def draft() -> None:
        start.wait(10)
        taken.append(DraftStore(tmp_path / "app.sqlite").next_id())

    DraftStore(tmp_path / "app.sqlite").list()  # the file exists, as in a shop that is used
    threads = [threading.Thread(target=draft) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(taken) == [f"c-{n}" for n in range(1, 9)]


def test_the_cache_computes_once_and_forgets_failures() -> None:
    cache, calls = OnceCache(2), []
    start = threading.Barrier(4)

    def compute() -> int:
        calls.append(1)
        return len(calls)

    def get() -> None:
        start.wait(10)
        assert cache.get("k", compute) == 1

    threads = [threading.Thread(target=get) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert calls == [1]

    def fail() -> int:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        cache.get("f", fail)
    assert cache.get("f", lambda: 5) == 5
