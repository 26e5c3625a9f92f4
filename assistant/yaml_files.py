"""Reads YAML with the compiled reader where it is installed: many files are read at every start."""

from __future__ import annotations

from typing import Any

import yaml

SAFE_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def safe_load(text: str) -> Any:
    """As :func:`yaml.safe_load`. Raises ``yaml.YAMLError``."""
    return yaml.load(text, Loader=SAFE_LOADER)  # noqa: S506 (a safe loader)
