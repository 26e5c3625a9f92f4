"""Shared shops are built once, whole, and stay as they were."""

from __future__ import annotations

import multiprocessing
import tempfile

import pytest

from assistant.data.warehouse import current_manifest, open_snapshot, write_snapshot
from assistant.settings import Settings
from tests.support import shops
from tests.support.tiny_shop import tiny_tables


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def write_tiny(settings: Settings) -> None:
    with (settings.home.parent / "built.txt").open("a") as log:
        log.write("built\n")
    write_snapshot(settings.snapshots_dir, tiny_tables(), source="tests", currency="EUR")


def in_a_process(folder: str) -> None:
    tempfile.tempdir = folder
    shops.cached_home("race", "k", write_tiny)


def test_a_shop_is_built_once_however_many_processes_ask(tmp_path):
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=in_a_process, args=(str(tmp_path),)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [w.exitcode for w in workers] == [0] * 4
    home = shops.cached_home("race", "k", write_tiny)
    assert (home.parent / "built.txt").read_text() == "built\n"
    assert current_manifest(home / "snapshots") is not None


def test_a_build_that_fails_leaves_nothing_behind():
    def fail(settings: Settings) -> None:
        (settings.home / "half").write_text("half")
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        shops.cached_home("broken", "k", fail)
    home = shops.cached_home("broken", "k", write_tiny)
    assert not (home / "half").exists() and current_manifest(home / "snapshots") is not None


def test_another_key_is_another_shop_and_old_ones_go():
    homes = [shops.cached_home("kinds", str(number), write_tiny) for number in range(shops.KEEP + 2)]
    assert len(set(homes)) == shops.KEEP + 2
    assert homes[-1].exists()
    assert sum(home.exists() for home in homes) == shops.KEEP


def test_a_copy_can_change_without_the_original(tmp_path):
    home = shops.cached_home("copied", "k", write_tiny)
    before = current_manifest(home / "snapshots")
    copy = shops.copy_home(home, tmp_path / "mine")
    assert open_snapshot(copy / "snapshots").manifest == before
    write_snapshot(copy / "snapshots", tiny_tables(), source="other", currency="EUR")
    assert current_manifest(home / "snapshots") == before


def test_source_hash_follows_content(tmp_path, monkeypatch):
    monkeypatch.setattr(shops, "REPOSITORY", tmp_path)
    (tmp_path / "room" / "part").mkdir(parents=True)
    (tmp_path / "room" / "a.py").write_text("1")
    (tmp_path / "room" / "part" / "b.py").write_text("2")
    first = shops.source_hash("room")
    assert shops.source_hash("room") == first
    without = shops.source_hash("room", without=("room/part/",))
    (tmp_path / "room" / "part" / "b.py").write_text("3")
    assert shops.source_hash("room") != first
    assert shops.source_hash("room", without=("room/part/",)) == without
    assert shops.source_hash("room", extra="x") != shops.source_hash("room")
