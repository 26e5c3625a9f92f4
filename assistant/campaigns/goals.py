"""What the goal of a campaign implies (``goals.yaml``): its name, its usual audience, its exit, its occasion."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import Any

import yaml


@lru_cache(maxsize=1)
def goals() -> dict[str, dict[str, Any]]:
    """What each goal implies."""
    return yaml.safe_load(files("assistant.campaigns").joinpath("goals.yaml").read_text(encoding="utf-8"))
