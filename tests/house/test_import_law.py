"""The import law of docs/architecture.md, read from the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.house.sources import ROOT, tree_of

BASE = {
    "assistant.plans", "assistant.results", "assistant.errors", "assistant.settings", "assistant.caching",
    "assistant.sqlite_files", "assistant.yaml_files", "assistant",
}
DATA = BASE | {"assistant.data"}
ANALYTICS = DATA | {"assistant.features", "assistant.query"}
MODELS = ANALYTICS | {"assistant.models", "assistant.retrieval"}
CAMPAIGNS = MODELS | {"assistant.campaigns"}
BRIEFING = CAMPAIGNS | {"assistant.briefing"}
LLM = BASE | {"assistant.llm"}
AGENT = LLM | {"assistant.agent"}

#: room → rooms it may import (itself included)
LAW: dict[str, set[str]] = {
    "assistant.errors": {"assistant.errors"},
    "assistant.caching": {"assistant.caching"},
    "assistant.yaml_files": {"assistant.yaml_files"},
    "assistant.sqlite_files": {"assistant.sqlite_files", "assistant.errors"},
    "assistant.settings": {"assistant.settings", "assistant.errors", "assistant"},
    "assistant.results": {"assistant.results", "assistant.errors"},
    "assistant.plans": {"assistant.plans", "assistant.results", "assistant.errors"},
    "assistant.data": DATA,
    "assistant.query": ANALYTICS,
    "assistant.features": ANALYTICS,
    "assistant.models": MODELS - {"assistant.retrieval"},
    "assistant.retrieval": ANALYTICS | {"assistant.retrieval"},
    "assistant.campaigns": CAMPAIGNS,
    "assistant.briefing": BRIEFING,
    "assistant.terminal": BRIEFING | {"assistant.terminal", "assistant.workspace"},
    "assistant.workspace": BRIEFING | {"assistant.workspace"},
    "assistant.llm": LLM,
    "assistant.agent": AGENT,
    "assistant.ui": AGENT | {"assistant.ui"},
    "tools": BASE | {"assistant.workspace", "tools"},
}
#: rooms whose analytics must stand alone
ANALYTIC_ROOMS = {"assistant.data", "assistant.query", "assistant.features", "assistant.models", "assistant.campaigns",
    "assistant.briefing",
}
FRAMEWORKS = {"langchain", "langchain_core", "langgraph", "gradio", "chromadb", "transformers", "sentence_transformers"}
OURS = ("assistant", "tools", "app", "prompts", "benchmarks", "tests")


def room_of(module: str) -> str:
    parts = module.split(".")
    return ".".join(parts[:2]) if parts[0] == "assistant" and len(parts) > 1 else parts[0]


def imports_of(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            if node.module == "assistant":
                yield from ((f"assistant.{alias.name}", node.lineno) for alias in node.names
                            if (ROOT / "assistant" / alias.name).exists()
                            or (ROOT / "assistant" / f"{alias.name}.py").exists())
            else:
                yield node.module, node.lineno


def sources() -> list[Path]:
    return [p for top in ("assistant", "tools") for p in sorted((ROOT / top).rglob("*.py"))]


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def test_rooms_import_only_what_the_law_allows() -> None:
    wrong = []
    for path in sources():
        room = room_of(module_of(path))
        assert room in {*LAW, "assistant"}, f"{room} has no place in the law: add it to docs/architecture.md and here"
        allowed = LAW.get(room, {"assistant"})
        wrong += [f"{path.relative_to(ROOT)}, line {line}: {name}" for name, line in imports_of(path)
                  if name.split(".")[0] in OURS and room_of(name) not in allowed]
    assert wrong == []


def analytic_sources() -> list[Path]:
    return [p for p in sources() if room_of(module_of(p)) in ANALYTIC_ROOMS]


def test_analytics_know_no_framework() -> None:
    wrong = [f"{path.relative_to(ROOT)}, line {line}: {name}" for path in analytic_sources()
             for name, line in imports_of(path) if name.split(".")[0] in FRAMEWORKS]
    assert wrong == []


def test_law_catches_a_violation(tmp_path: Path) -> None:
    bad = tmp_path / "bad.py"
    bad.write_text("from assistant import workspace\nfrom tools.registry import TOOLS\nimport gradio\n")
    names = [name for name, _ in imports_of(bad)]
    assert "assistant.workspace" in names and room_of("assistant.workspace") not in LAW["assistant.query"]
    assert room_of("tools.registry") not in LAW["assistant.agent"]


def test_every_room_is_in_the_law() -> None:
    rooms = {room_of(module_of(p)) for p in sources()} - {"assistant"}
    assert rooms == set(LAW) & rooms
    assert set(LAW) <= rooms, f"the law names rooms that do not exist: {set(LAW) - rooms}"


def test_one_file_of_neural_models_alone_knows_torch() -> None:
    using = {str(p.relative_to(ROOT)) for p in analytic_sources()
             if any(name.split(".")[0] == "torch" for name, _ in imports_of(p))}
    assert using == {"assistant/models/recommend/neural.py"}
