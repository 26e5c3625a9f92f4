"""The part of the workspace that turns sentences into vectors, with the embedder of the product index."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from assistant.workspace.part import Part


class Likening(Part):
    """Methods of :class:`~assistant.workspace.Workspace`, which gives the rest."""

    product_index: Callable[..., Any]

    def sentence_vectors(self, texts: Sequence[str], keep: bool = False) -> Any:
        """Unit vectors of texts, float32 [n, d]; kept in the record of embeddings where they are asked for again.

        Raises:
            ModelUnavailable: the encoder cannot be loaded.
        """
        from assistant.retrieval.texts import embedded

        embedder = self.product_index().embedder
        return embedded(texts, self.settings, embedder) if keep else embedder.embed(list(texts))
