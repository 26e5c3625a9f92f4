"""Prompts are files with front matter; rendering is strict.

A prompt file starts with YAML between ``---`` lines: ``id``, ``version``, ``variables``. Its SHA-256 goes into every
run record.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import yaml

from assistant.errors import SettingsError
from assistant.yaml_files import safe_load


@dataclass(frozen=True)
class Prompt:
    """One prompt: identity, declared variables, template text."""

    id: str
    version: str
    variables: tuple[str, ...]
    template: str
    sha256: str

    def render(self, **values: object) -> str:
        """Fill in the variables.

        Raises:
            SettingsError: a missing or an undeclared variable.
        """
        from jinja2 import StrictUndefined
        from jinja2.sandbox import SandboxedEnvironment

        missing, unknown = set(self.variables) - set(values), set(values) - set(self.variables)
        if missing or unknown:
            raise SettingsError(
                f"Prompt {self.id!r} does not fit its variables", received=sorted(missing or unknown),
                valid=self.variables,
            )
        environment = SandboxedEnvironment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
        return environment.from_string(self.template).render(**values).strip()


@lru_cache(maxsize=32)
def load_prompt(name: str) -> Prompt:
    """Read ``prompts/<name>.md``.

    Raises:
        SettingsError: no such prompt, or no front matter.
    """
    path = files("prompts").joinpath(*f"{name}.md".split("/"))
    if not path.is_file():
        raise SettingsError("No such prompt", received=name)
    text = path.read_text(encoding="utf-8")
    try:
        _, head, body = text.split("---\n", 2)
        fields = safe_load(head)
        return Prompt(
            id=fields["id"], version=str(fields["version"]), variables=tuple(fields.get("variables") or ()),
            template=body, sha256=hashlib.sha256(text.encode()).hexdigest(),
        )
    except (ValueError, KeyError, TypeError, yaml.YAMLError) as error:
        raise SettingsError("The prompt has no valid front matter (id, version, variables)", received=name) from error
