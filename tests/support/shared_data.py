"""Real data sets beside the repository, never inside it: tests that need one skip where it is absent."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def shared_data(relative: str) -> Path:
    """Path of a data set below ``ASSISTANT_SHARED_DATA`` or ``../shared/data``; skips the test where it is absent."""
    folder = Path(os.environ.get("ASSISTANT_SHARED_DATA") or ROOT.parent / "shared" / "data")
    path = folder / relative
    if not path.exists():
        pytest.skip(f"needs the data set {relative} (set ASSISTANT_SHARED_DATA to the folder that holds it)")
    return path
