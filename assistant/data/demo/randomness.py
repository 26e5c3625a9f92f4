"""Independent random streams from one seed: a change in one part of the shop leaves the others as they were."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


def stream(seed: int, part: str) -> np.random.Generator:
    """Generator for one named part of the shop; equal arguments give equal numbers."""
    import numpy as np

    return np.random.default_rng(np.random.SeedSequence([seed, zlib.crc32(part.encode())]))
