"""Which embedder a home uses: the 8-bit one where it agrees with full precision, else full precision."""

from __future__ import annotations

import json
import logging
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np

from assistant.data.warehouse import write_atomically
from assistant.errors import StorageError
from assistant.retrieval.embedders import Embedder, load_embedder
from assistant.retrieval.int8_embedder import Int8Embedder, Unsupported
from assistant.settings import Settings

log = logging.getLogger(__name__)

#: Least cosine between the 8-bit and the full-precision vector of any sample text.
LEAST_AGREEMENT = 0.99
CHECK_NAME = "int8-check.json"
#: Short and long, plain and odd texts as catalogues hold them.
SAMPLE = (
    "red mug", "WHITE HANGING HEART T-LIGHT HOLDER", "something soft for the sofa", "lantren", "12x12 in. floor tile",
    "Garden table, oak, 120 cm. Seats four; folds flat for the winter. Garden Furniture. Oakline", "85123A", "☕ café",
    "wireless noise cancelling headphones with microphone, black, 30 hours of battery, carry case included",
    "", "gift under 20", "KitchenAid Pasta Roller And Cutter - KPRA", "Kinder-Regenjacke, Größe 128, wasserdicht",
)


def agreement(one: Embedder, other: Embedder, texts: Sequence[str] = SAMPLE) -> float:
    """Least cosine between two embedders' vectors of the same text."""
    return float(np.min(np.sum(one.embed(texts) * other.embed(texts), axis=1)))


def choose_embedder(settings: Settings) -> tuple[Embedder, str | None]:
    """The embedder that the settings name, in 8 bits where that is allowed, known and verified.

    The first time in a home the 8-bit vectors of :data:`SAMPLE` are compared with full precision; the verdict is kept
    in ``settings.index_dir`` and holds for this model, this ONNX Runtime and this kind of processor.

    Returns:
        the embedder, and why it is not the 8-bit one where that was to be expected.

    Raises:
        ModelUnavailable: the model itself cannot be loaded.
    """
    full = load_embedder(settings.embedder)
    if settings.embedder_precision == "full":
        return full, None
    fast = Int8Embedder(settings.embedder)
    key = f"{fast.id} onnxruntime {version('onnxruntime')} {platform.machine()}"
    path = settings.index_dir / CHECK_NAME
    found = _verdict(path, key)
    if found is None:
        try:
            found = agreement(fast, full)
        except Unsupported as error:
            log.info("the embedder runs in full precision: %s", error)
            return full, None
        _keep(path, key, found)
    if found < LEAST_AGREEMENT:
        return full, f"In 8 bits the embedder differs from full precision here (least cosine {found:.3f})."
    return fast, None


def _verdict(path: Path, key: str) -> float | None:
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        return float(stored["least_cosine"]) if stored["checked"] == key else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _keep(path: Path, key: str, found: float) -> None:
    """Remember a verdict; a folder that cannot be written only means to check again at the next start."""
    try:
        write_atomically(path, json.dumps({"checked": key, "least_cosine": found}))
    except StorageError as error:
        log.info("the embedder's check is not kept: %s", error)

