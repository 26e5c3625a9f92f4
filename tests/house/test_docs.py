"""Documentation that would be missed fails a test."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from assistant.settings import Settings
from tools.registry import TOOLS

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("spec", TOOLS, ids=lambda s: s.name)
def test_every_tool_has_a_row_with_its_request_and_access(spec: object) -> None:
    rows = [line for line in (ROOT / "docs/tools.md").read_text().splitlines() if line.startswith(f"| `{spec.name}`")]
    assert len(rows) == 1
    assert f"`{spec.request.__name__}`" in rows[0] and f"| {spec.access} |" in rows[0]


def test_no_row_without_a_tool() -> None:
    named = set(re.findall(r"^\| `(\w+)` \| `\w+`", (ROOT / "docs/tools.md").read_text(), re.M))
    assert named == {spec.name for spec in TOOLS}


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_documented_with_its_default(name: str) -> None:
    text = (ROOT / "docs/settings.md").read_text()
    assert f"| `{name}` | `{Settings.model_fields[name].default}` |" in text


def test_every_command_is_in_the_readme() -> None:
    import app

    readme = (ROOT / "README.md").read_text()
    for command in app.cli.registered_commands:
        assert f"app.py {command.callback.__name__}" in readme, command.callback.__name__


def test_links_between_documents_lead_somewhere() -> None:
    broken = []
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            if not (page.parent / target).exists():
                broken.append(f"{page.name}: {target}")
    assert broken == []


def test_documents_name_no_machine() -> None:
    machine = re.compile(r"(?<![\w/.])/(work|tmp/w|root)/")
    wrong = [p.name for p in (ROOT / "docs").rglob("*.md") if machine.search(p.read_text(encoding="utf-8"))]
    assert wrong == []
