"""The files of a language: ``prompts/lexicon/<language>/*.yaml``, or a folder of one's own.

English is the base: it has every file and every key. Another language may begin with a few files and a few keys; what
it does not name is not heard, and what the planner says itself (``wording``) is said in English until it is put.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import yaml

from assistant.yaml_files import SAFE_LOADER

BASE = "en"
#: Files that hold what the planner says; the others hold what it hears.
_SAID = frozenset({"wording"})
_FOLDERS: dict[str, Path] = {}


class _WordLoader(SAFE_LOADER):  # type: ignore[misc]
    """YAML in which "on", "off", "yes" and "no" are words."""


_WordLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def add_language(name: str, folder: Path) -> None:
    """Let ``name`` stand for the lexicon in a folder outside the package.

    Raises:
        ValueError: the name is already a language of the package, or the folder does not exist.
    """
    if files("prompts").joinpath("lexicon", name).is_dir():
        raise ValueError(f"{name!r} is a language of the package: name the folder's language otherwise")
    if not folder.is_dir():
        raise ValueError(f"no folder {folder}: a lexicon is a folder of YAML files")
    _FOLDERS[name] = folder


def _file(language: str, file: str) -> Traversable:
    own = _FOLDERS.get(language)
    return own / file if own is not None else files("prompts").joinpath("lexicon", language, file)


def read_yaml(language: str, name: str) -> Any:
    """One lexicon file in the shape of the English one, read once: it is shared, so nobody changes it.

    Raises:
        FileNotFoundError: English has no such file, or there is no such language.
    """
    return _content(language, name, _FOLDERS.get(language))


@lru_cache(maxsize=256)
def _content(language: str, name: str, folder: Path | None) -> Any:
    """As :func:`read_yaml`; the folder is named so that another one of the same name is read anew."""
    base = _load(_file(BASE, f"{name}.yaml"))
    if language == BASE:
        return base
    own = _file(language, f"{name}.yaml")
    if not own.is_file() and not (folder is not None or files("prompts").joinpath("lexicon", language).is_dir()):
        raise FileNotFoundError(f"no lexicon of language {language!r}")
    return _completed(_load(own) if own.is_file() else None, base, keep=name in _SAID)


def read_folder(language: str, name: str) -> list[tuple[str, Any]]:
    """The YAML files of a folder of a language, by name; none where the language does not have it."""
    folder = _file(language, name)
    if not folder.is_dir():
        return []
    return [(f.name.removesuffix(".yaml"), _load(f)) for f in sorted(folder.iterdir(), key=lambda f: f.name)
            if f.name.endswith(".yaml")]


def read_words(language: str, name: str) -> list[str]:
    """The words of a text file, none where the language does not have it."""
    path = _file(language, f"{name}.txt")
    return path.read_text(encoding="utf-8").split() if path.is_file() else []


def _load(file: Traversable) -> Any:
    return yaml.load(file.read_text(encoding="utf-8"), Loader=_WordLoader)  # noqa: S506 (a safe loader)


def _completed(own: Any, base: Any, keep: bool) -> Any:
    """The language's own content with the keys it lacks: empty, or as in English where it is something said."""
    if own is None:
        return base if keep else _emptied(base)
    if not isinstance(base, Mapping) or not isinstance(own, Mapping):
        return own
    missing = {key: base[key] if keep else _emptied(base[key]) for key in base if key not in own and _named(base)}
    return missing | {key: _completed(value, base.get(key), keep) for key, value in own.items()}


def _named(node: Mapping[Any, Any]) -> bool:
    """Whether the keys of a mapping are names that code asks for, not words that people say."""
    return any(_holds_phrases(value) for value in node.values())


def _holds_phrases(node: Any) -> bool:
    if isinstance(node, Mapping):
        return _named(node)
    return isinstance(node, list) and all(isinstance(part, str) for part in node)


def _emptied(node: Any) -> Any:
    """The same shape without words."""
    if isinstance(node, Mapping):
        return {key: _emptied(value) for key, value in node.items()} if _named(node) else {}
    return "" if isinstance(node, str) else []
