"""What every embedder promises."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.retrieval.embedders import Embedder


class EmbedderContract:
    """Subclass and provide ``embedder``."""

    @pytest.fixture
    def embedder(self) -> Embedder:
        raise AssertionError("a subclass provides the embedder")

    def test_shape_type_and_length(self, embedder: Embedder) -> None:
        vectors = embedder.embed(["red mug", "garden lantern", "a"])
        assert vectors.shape == (3, embedder.dimension)
        assert vectors.dtype == np.float32
        assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)

    def test_equal_texts_give_equal_vectors_wherever_they_stand(self, embedder: Embedder) -> None:
        texts = [f"product number {'x' * (i % 7)} {i}" for i in range(150)]
        together = embedder.embed(texts)
        alone = embedder.embed([texts[77]])
        assert np.allclose(together[77], alone[0], atol=1e-4)

    def test_no_texts(self, embedder: Embedder) -> None:
        assert embedder.embed([]).shape == (0, embedder.dimension)

    def test_empty_and_strange_texts_have_a_direction(self, embedder: Embedder) -> None:
        vectors = embedder.embed(["", "   ", "☕" * 30, "long " * 2000])
        assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)

    def test_a_text_is_nearest_to_itself_and_its_variant(self, embedder: Embedder) -> None:
        vectors = embedder.embed(["red ceramic mug", "red ceramic mugs", "garden lantern of metal"])
        assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]

    def test_id_is_stable_and_named(self, embedder: Embedder) -> None:
        assert embedder.id == embedder.id
        assert len(embedder.id) >= 3

    def test_progress_reaches_the_end(self, embedder: Embedder) -> None:
        seen: list[tuple[int, int]] = []
        embedder.embed(["a b c"] * 130, lambda done, total: seen.append((done, total)))
        assert seen[-1] == (130, 130)
        assert seen == sorted(seen)
