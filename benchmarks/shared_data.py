"""Where the real data sets lie, if they are there."""

from __future__ import annotations

import os
from pathlib import Path


def shared_data() -> Path | None:
    """The folder of the real data sets: ``ASSISTANT_SHARED_DATA``, else ``../shared/data`` beside the clone."""
    named = os.environ.get("ASSISTANT_SHARED_DATA")
    folder = Path(named) if named else Path(__file__).parents[2] / "shared" / "data"
    return folder if folder.is_dir() else None


def online_retail() -> Path | None:
    """The Online Retail II file, or None."""
    folder = shared_data()
    path = folder / "online_retail_ii" / "online_retail_ii.parquet" if folder else None
    return path if path and path.exists() else None
