"""Importing the packages loads nothing heavy."""

from __future__ import annotations

import json
import subprocess
import sys

HEAVY = {"torch", "transformers", "sentence_transformers", "gradio", "chromadb", "langchain", "langgraph", "pandas",
         "sklearn", "ibis", "duckdb", "statsforecast", "plotly", "scipy"}


def loaded_after(statement: str) -> set[str]:
    code = f"import sys, json\n{statement}\nprint(json.dumps(sorted(sys.modules)))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in json.loads(out.stdout.splitlines()[-1])}


def test_import_of_packages_stays_light() -> None:
    assert loaded_after("import assistant, tools, tools.registry") & HEAVY == set()


def test_check_sees_a_heavy_import() -> None:
    assert "scipy" in loaded_after("import assistant, scipy")


def test_command_line_help_stays_light() -> None:
    assert loaded_after("import app") & HEAVY == set()
