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


def data_set(*parts: str) -> Path:
    """A file or folder of the real data sets.

    Raises:
        FileNotFoundError: it is not there; the message says how to point to the data.
    """
    folder = shared_data()
    path = folder.joinpath(*parts) if folder else None
    if path is None or not path.exists():
        name = "/".join(parts)
        raise FileNotFoundError(f"{name} is not there; set ASSISTANT_SHARED_DATA to the folder of the data sets.")
    return path
