"""Words that people use for metrics and dimensions, per language, as data."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

from assistant.yaml_files import safe_load


@lru_cache(maxsize=4)
def words_for(what: str, language: str = "en") -> dict[str, tuple[str, ...]]:
    """Name → words of ``metrics`` or ``dimensions``.

    Raises:
        FileNotFoundError: no words in that language.
    """
    text = files("assistant.query").joinpath(f"words_{language}.yaml").read_text(encoding="utf-8")
    return {name: tuple(str(w) for w in words) for name, words in safe_load(text)[what].items()}
