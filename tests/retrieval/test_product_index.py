"""The product index: exact answers, nothing embedded twice, and recovery from damage."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from assistant.data.warehouse import Snapshot, open_snapshot, write_snapshot
from assistant.errors import MissingData, UnknownName
from assistant.retrieval.catalogue import Catalogue, Product, read_catalogue
from assistant.retrieval.chroma_cache import ChromaCache, collection_name
from assistant.retrieval.product_index import RECORD_NAME, ProductIndex, open_index
from assistant.retrieval.record import EmbeddingRecord
from assistant.settings import Settings
from tests.support.hashing_embedder import HashingEmbedder
from tests.support.tiny_shop import tiny_shop, tiny_tables


@pytest.fixture
def snapshot(tmp_path: Path) -> Snapshot:
    return tiny_shop(tmp_path / "snapshots")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


@pytest.fixture
def opened(snapshot: Snapshot, settings: Settings) -> Iterator[ProductIndex]:
    index = open_index(snapshot, settings, HashingEmbedder())
    yield index
    index.close()


@pytest.fixture(scope="module")
def built_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Home folder of the tiny shop whose Chroma store is built."""
    home = tmp_path_factory.mktemp("built")
    index = open_index(tiny_shop(home / "snapshots"), Settings(home=home), HashingEmbedder())
    index.wait(120)
    return home


@pytest.fixture(autouse=True)
def store_where_it_is_tested(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Elsewhere no process is started that builds a store which nobody waits for."""
    if request.cls is not TestChroma:
        monkeypatch.setattr(ProductIndex, "start_maintenance", lambda self: None)


def codes(index: ProductIndex) -> list[str]:
    return [n.code for n in index.notices]


def test_catalogue_holds_products_and_no_postage(tmp_path: Path) -> None:
    tables = tiny_tables()
    tables["products"].loc[len(tables["products"])] = ["POST", "Postage", None, None, None, None, None, None]
    write_snapshot(tmp_path, tables, source="tests")
    catalogue = read_catalogue(open_snapshot(tmp_path))
    assert catalogue.ids == ["P1", "P2", "P3", "P4", "P5"]
    assert catalogue.products[0].text == "Red Mug. A red ceramic mug. Kitchen. Acorn"


def test_catalogue_needs_names(tmp_path: Path) -> None:
    tables = tiny_tables()
    tables["products"] = tables["products"][["product_id"]]
    write_snapshot(tmp_path, tables, source="tests")
    with pytest.raises(MissingData, match="products.name"):
        read_catalogue(open_snapshot(tmp_path))


def test_fingerprint_follows_words_and_products_only() -> None:
    one = Catalogue([Product("A", "Mug"), Product("B", "Cup")])
    assert one.fingerprint == Catalogue([Product("B", "Cup"), Product("A", "Mug")]).fingerprint
    assert one.fingerprint != Catalogue([Product("A", "Mug"), Product("B", "Cups")]).fingerprint
    assert one.fingerprint != Catalogue([Product("A", "Mug")]).fingerprint


def test_a_product_is_nearest_to_itself(opened: ProductIndex) -> None:
    for product_id in opened.catalogue.ids:
        assert opened.search(opened.vector(product_id), k=1)[0].product_id == product_id


def test_search_equals_a_plain_sort(opened: ProductIndex) -> None:
    vector = opened.embed("blue mug")
    expected = sorted(zip(-(opened.vectors @ vector), opened.catalogue.ids, strict=True))
    assert [h.product_id for h in opened.search("blue mug", k=5)] == [i for _, i in expected]
    assert [h.product_id for h in opened.search("blue mug", k=2)] == [i for _, i in expected][:2]


def test_search_obeys_the_mask(opened: ProductIndex) -> None:
    mask = np.array([i in {"P3", "P5"} for i in opened.catalogue.ids])
    assert {h.product_id for h in opened.search("red mug", k=10, where=mask)} == {"P3", "P5"}
    assert opened.search("red mug", k=10, where=np.zeros(5, dtype=bool)) == []


def test_unknown_product_is_named(opened: ProductIndex) -> None:
    with pytest.raises(UnknownName, match="P99"):
        opened.vector("P99")


def test_nothing_is_embedded_twice(snapshot: Snapshot, settings: Settings, tmp_path: Path) -> None:
    first = HashingEmbedder()
    open_index(snapshot, settings, first).close()
    assert len(first.embedded) == 5
    again = HashingEmbedder()
    open_index(snapshot, settings, again).close()
    assert again.embedded == []

    tables = tiny_tables()
    tables["products"].loc[0, "name"] = "Crimson Mug"
    tables["products"].loc[1, "price"] = 7.0  # not part of the text
    write_snapshot(tmp_path / "changed", tables, source="tests")
    changed = HashingEmbedder()
    index = open_index(open_snapshot(tmp_path / "changed"), settings, changed)
    index.close()
    assert changed.embedded == ["Crimson Mug. A red ceramic mug. Kitchen. Acorn"]
    assert np.allclose(index.vector("P1"), HashingEmbedder().embed(changed.embedded)[0])


def test_another_embedder_does_not_reuse_vectors(snapshot: Snapshot, settings: Settings) -> None:
    open_index(snapshot, settings, HashingEmbedder()).close()
    other = HashingEmbedder(version="2")
    open_index(snapshot, settings, other).close()
    assert len(other.embedded) == 5


def test_an_interrupted_build_keeps_what_was_embedded(snapshot: Snapshot, settings: Settings, monkeypatch) -> None:
    monkeypatch.setattr("assistant.retrieval.product_index.CHUNK", 2)

    class Interrupted(HashingEmbedder):
        def embed(self, texts, done=None):
            if len(self.embedded) >= 4:
                raise KeyboardInterrupt
            return super().embed(texts, done)

    with pytest.raises(KeyboardInterrupt):
        open_index(snapshot, settings, Interrupted())
    rest = HashingEmbedder()
    open_index(snapshot, settings, rest).close()
    assert len(rest.embedded) == 1


def test_progress_ends_at_one(snapshot: Snapshot, settings: Settings) -> None:
    shares: list[float | None] = []
    open_index(snapshot, settings, HashingEmbedder(), lambda _, share: shares.append(share)).close()
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


@pytest.mark.parametrize("damage", ["overwritten", "truncated", "garbage_inside"])
def test_a_damaged_record_is_rebuilt_and_said(snapshot: Snapshot, settings: Settings, damage: str) -> None:
    open_index(snapshot, settings, HashingEmbedder()).close()
    path = settings.index_dir / RECORD_NAME
    content = path.read_bytes()
    path.write_bytes({
        "overwritten": b"not a database" * 100,
        "truncated": content[: len(content) // 2],
        "garbage_inside": content[:4096] + b"\xff" * (len(content) - 4096),
    }[damage])
    embedder = HashingEmbedder()
    index = open_index(snapshot, settings, embedder)
    index.close()
    assert "record_rebuilt" in codes(index)
    assert len(set(embedder.embedded)) == 5
    assert index.search("red mug", k=1)[0].product_id == "P1"
    assert list(settings.index_dir.glob("*.damaged-*"))
    assert EmbeddingRecord(path).catalogue(index.catalogue.fingerprint, embedder.id)[0] == index.catalogue.ids


def test_an_altered_vector_is_embedded_again(snapshot: Snapshot, settings: Settings) -> None:
    import sqlite3

    open_index(snapshot, settings, HashingEmbedder()).close()
    with sqlite3.connect(settings.index_dir / RECORD_NAME) as connection:
        connection.execute("UPDATE vectors SET vector = zeroblob(length(vector)) WHERE text LIKE 'Red Mug%'")
    embedder = HashingEmbedder()
    open_index(snapshot, settings, embedder).close()
    assert embedder.embedded == ["Red Mug. A red ceramic mug. Kitchen. Acorn"]


def test_without_a_writable_folder_the_index_lives_in_memory(snapshot: Snapshot, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "index").write_text("a file where the folder should be")
    index = open_index(snapshot, Settings(home=home), HashingEmbedder())
    assert "in_memory" in codes(index)
    assert index.search("red mug", k=1)[0].product_id == "P1"


def test_record_forgets_catalogues_that_nobody_uses(tmp_path: Path) -> None:
    record = EmbeddingRecord(tmp_path / "r.sqlite")
    for number in range(7):
        record.remember(f"f{number}", {"P": f"h{number}"})
        record.store("e", {f"h{number}": "text"}, np.ones((1, 4), dtype=np.float32))
    record.remember("f6", {"P": "h6"})
    assert record.vectors("e", [f"h{n}" for n in range(7)]).keys() == {"h3", "h4", "h5", "h6"}


def test_collection_name_is_legal_and_telling() -> None:
    name = collection_name("org/some model:v1" + "x" * 600, "0123456789abcdef")
    assert 3 <= len(name) <= 512
    assert name.startswith("products-org-some-model-v1")
    assert name.endswith("0123456789abcdef")


class TestChroma:
    """The Chroma store, built by worker processes."""

    @pytest.fixture
    def snapshot(self, built_home: Path, tmp_path: Path) -> Snapshot:
        shutil.copytree(built_home, tmp_path, dirs_exist_ok=True)
        return open_snapshot(tmp_path / "snapshots")

    def test_store_is_built_with_a_telling_name(self, opened: ProductIndex, settings: Settings) -> None:
        opened.wait(120)
        cache = ChromaCache(settings.index_dir / "chroma", settings.index_dir / RECORD_NAME)
        pointer = cache.pointer()
        assert pointer is not None
        assert pointer.count == 5
        assert pointer.collection == collection_name(opened.embedder.id, opened.catalogue.fingerprint)
        assert cache.state(pointer.collection) == "current"
        assert cache.is_untouched()
        assert cache.open().count() == 5

    def test_chroma_answers_like_the_exact_search(self, snapshot: Snapshot, settings: Settings) -> None:
        index = open_index(snapshot, settings, HashingEmbedder(), exact_limit=0)
        exact = [(h.product_id, round(h.score, 4)) for h in index.search("red mug", k=3)]
        index.wait(120)
        assert index.engine == "chroma"
        assert [(h.product_id, round(h.score, 4)) for h in index.search("red mug", k=3)] == exact
        mask = np.array([i in {"P3", "P5"} for i in index.catalogue.ids])
        assert {h.product_id for h in index.search("red mug", k=2, where=mask)} == {"P3", "P5"}

    @pytest.mark.parametrize(("exact_limit", "engine"), [(5, "exact"), (4, "chroma")])
    def test_chroma_takes_over_above_the_limit_and_not_for_few_candidates(
        self, snapshot: Snapshot, settings: Settings, monkeypatch: pytest.MonkeyPatch, exact_limit: int, engine: str
    ) -> None:
        index = open_index(snapshot, settings, HashingEmbedder(), exact_limit=exact_limit)
        assert index.engine == "exact"  # until the store has been built and probed
        index.wait(120)
        assert index.engine == engine
        asked = []
        real = ProductIndex._search_chroma
        monkeypatch.setattr(ProductIndex, "_search_chroma", lambda *a: asked.append(1) or real(*a))
        assert index.search("red mug", k=1)[0].product_id == "P1"
        assert len(asked) == (engine == "chroma")
        few = np.arange(len(index.catalogue)) < 4
        assert len(index.search("red mug", k=2, where=few)) == 2
        assert len(asked) == (engine == "chroma")  # four candidates are scanned

    @pytest.mark.parametrize("exact_limit", [0, 100])
    def test_a_damaged_store_is_rebuilt_and_said(
        self, snapshot: Snapshot, settings: Settings, exact_limit: int
    ) -> None:
        index = open_index(snapshot, settings, HashingEmbedder(), exact_limit=100)
        index.wait(120)
        cache = ChromaCache(settings.index_dir / "chroma", settings.index_dir / RECORD_NAME)
        damaged = settings.index_dir / "chroma" / cache.pointer().directory
        for path in (p for p in damaged.rglob("*") if p.is_file()):
            path.write_bytes(b"\xde\xad\xbe\xef" * 64)
        embedder = HashingEmbedder()
        again = open_index(snapshot, settings, embedder, exact_limit=exact_limit)
        assert again.search("red mug", k=1)[0].product_id == "P1"  # meanwhile, exactly
        again.wait(120)
        assert codes(again) == ["cache_rebuilt"]
        assert embedder.embedded == ["red mug"]
        assert cache.pointer().directory != damaged.name
        assert again.engine == ("chroma" if exact_limit == 0 else "exact")

    def test_the_previous_store_is_kept_and_older_ones_are_not(self, settings: Settings, tmp_path: Path) -> None:
        directories = []
        for number in range(3):
            tables = tiny_tables()
            tables["products"].loc[0, "name"] = f"Mug number {number}"
            write_snapshot(tmp_path / f"s{number}", tables, source="tests")
            index = open_index(open_snapshot(tmp_path / f"s{number}"), settings, HashingEmbedder())
            index.wait(120)
            cache = ChromaCache(settings.index_dir / "chroma", settings.index_dir / RECORD_NAME)
            directories.append(cache.pointer().directory)
        left = {p.name for p in (settings.index_dir / "chroma").glob("build-*")}
        assert left == set(directories[1:])
        assert cache.pointer().previous == directories[1]

    def test_a_build_that_does_not_verify_leaves_the_old_pointer(
        self, snapshot: Snapshot, settings: Settings
    ) -> None:
        index = open_index(snapshot, settings, HashingEmbedder())
        index.wait(120)
        cache = ChromaCache(settings.index_dir / "chroma", settings.index_dir / RECORD_NAME)
        before = cache.pointer()
        assert cache.build("0" * 16, "no such embedder", 5) is False
        assert cache.pointer() == before
        assert {p.name for p in cache.folder.glob("build-*")} == {before.directory}

    def test_only_one_process_builds_at_a_time(self, opened: ProductIndex, settings: Settings) -> None:
        import fcntl

        opened.wait(120)
        cache = ChromaCache(settings.index_dir / "chroma", settings.index_dir / RECORD_NAME)
        with (cache.folder / ".lock").open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            assert cache.build(opened.catalogue.fingerprint, opened.embedder.id, 5) is False
        shutil.rmtree(cache.folder)
        assert cache.state("anything") == "absent"
        assert cache.probe() is False

    @pytest.mark.slow
    def test_a_killed_builder_never_costs_an_answer(self, snapshot: Snapshot, settings: Settings) -> None:
        import threading

        for delay in (0.2, 0.6, 0.9, 1.2, 1.5):
            index = open_index(snapshot, settings, HashingEmbedder())
            timer = threading.Timer(delay, index._cache.close)
            timer.start()
            assert index.search("red mug", k=1)[0].product_id == "P1"
            index.wait(120)
            timer.join()
        index = open_index(snapshot, settings, HashingEmbedder(), exact_limit=0)
        index.wait(120)
        assert index.engine == "chroma"
        assert index.search("red mug", k=1)[0].product_id == "P1"
