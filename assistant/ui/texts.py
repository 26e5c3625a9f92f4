"""The page's words, from ``prompts/ui/<language>.yaml``."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import Any

from assistant.yaml_files import safe_load

DEFAULT_LANGUAGE = "en"


class Texts:
    """Words by dotted key. A key that does not exist, or a value left unfilled, is an error, never an empty label."""

    def __init__(self, tree: dict[str, Any], language: str) -> None:
        self.language = language
        self._flat = dict(_flatten(tree))

    def __call__(self, key: str, **values: object) -> str:
        """The phrase of ``key`` with ``{name}`` filled in.

        Raises:
            KeyError: unknown key, or a placeholder without a value.
        """
        phrase = self._flat[key]
        return phrase.format_map(values) if values else phrase

    def get(self, key: str, default: str) -> str:
        """The phrase of ``key``, or ``default`` for keys that depend on data (result kinds)."""
        return self._flat.get(key, default)

    def keys(self) -> set[str]:
        return set(self._flat)


def _flatten(tree: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    flat: list[tuple[str, str]] = []
    for key, value in tree.items():
        if isinstance(value, dict):
            flat += _flatten(value, f"{prefix}{key}.")
        else:
            flat.append((f"{prefix}{key}", str(value)))
    return flat


@lru_cache(maxsize=4)
def load_texts(language: str = DEFAULT_LANGUAGE) -> Texts:
    """Read the words of one language.

    Raises:
        FileNotFoundError: no such language.
    """
    path = files("prompts").joinpath("ui", f"{language}.yaml")
    return Texts(safe_load(path.read_text(encoding="utf-8")), language)
