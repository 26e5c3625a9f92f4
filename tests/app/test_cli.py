"""The command line as a new user types it; what a start of Python could change is tried in a process of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.program import ROOT, called, program


@pytest.mark.parametrize("command", [[], ["serve"], ["ask"], ["load"], ["status"], ["export"]])
def test_every_command_has_help(command: list[str], tmp_path: Path) -> None:
    out = called(*command, "--help", home=tmp_path)
    assert out.returncode == 0
    assert "Usage" in out.stdout and "--home" in out.stdout


def test_ask_prints_an_answer(demo_home: Path) -> None:
    out = called("ask", "How many orders did we have in total?", home=demo_home)
    assert out.returncode == 0, out.stderr
    assert any(c.isdigit() for c in out.stdout)


def test_ask_json_traces_every_number(demo_home: Path) -> None:
    out = program("ask", "Top 5 categories by revenue", "--json", home=demo_home)
    assert out.returncode == 0, out.stderr
    answer = json.loads(out.stdout)
    assert answer["outcome"] == "answered" and answer["plan"][0]["tool"] == "query_data"
    assert answer["numbers"] and answer["tables"]
    for number in answer["numbers"]:
        assert answer["reply"][number["start"] : number["end"]] == number["text"]
        assert number["label"] and number["unit"] and number["source"]
    first = next(n for n in answer["numbers"] if n["source"]["row"] is not None)
    table = next(t for t in answer["tables"] if t["id"] == first["source"]["table"] and t["result"] == first["result"])
    column = [c["name"] for c in table["columns"]].index(first["source"]["column"])
    assert table["rows"][first["source"]["row"]][column] == first["value"]


def test_file_of_conversations_is_answered_in_one_process(demo_home: Path, tmp_path: Path) -> None:
    file = tmp_path / "questions.jsonl"
    several = {"id": "a", "turns": ["Revenue by country", "only Germany"]}
    lines = [several, {"id": "b", "turns": ["Send it"]}, {"prompt": "Orders yesterday"}]
    file.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    out = called("ask", "--file", str(file), "--json", home=demo_home)
    assert out.returncode == 0, out.stderr
    first, second, third = (json.loads(line) for line in out.stdout.splitlines())
    assert [first["id"], second["id"], third["id"]] == ["a", "b", "3"]
    assert third["turns"][0]["question"] == "Orders yesterday"
    assert [t["outcome"] for t in first["turns"]] == ["answered", "answered"]
    assert "Germany" in json.dumps(first["turns"][1]["plan"])
    assert (second["turns"][0]["outcome"], second["turns"][0]["reason"]) == ("refused", "not_permitted")


@pytest.mark.parametrize(("arguments", "code", "words"), [
    (["ask"], 2, "either a question or --file"),
    (["ask", "x", "--file", "y"], 2, "either a question or --file"),
    (["ask", "--file", "missing.jsonl"], 1, "cannot be read"),
    (["load", "missing.csv"], 1, "missing.csv"),
    (["load"], 2, "paths"),
    (["ask", "Revenue?", "--as-of", "31.12.2025"], 1, "YYYY-MM-DD"),
    (["nonsense"], 2, "nonsense"),
])
def test_wrong_usage_is_one_clear_line(arguments: list[str], code: int, words: str, tmp_path: Path) -> None:
    out = called(*arguments, home=tmp_path)
    assert out.returncode == code
    assert words in out.stderr
    assert "Traceback" not in out.stderr


def test_refusal_has_its_own_exit_code(demo_home: Path) -> None:
    out = program("ask", "How many people follow us on Instagram?", home=demo_home)
    assert out.returncode == 3, out.stdout


def test_status_names_versions_paths_data_and_brain(demo_home: Path) -> None:
    out = program("status", "--json", home=demo_home)
    facts = json.loads(out.stdout)
    assert facts["home"] == str(demo_home) and facts["version"]
    assert facts["data"]["synthetic"] is True and facts["data"]["snapshot"]
    assert facts["brain"]["kind"] == "built-in planner"


def test_status_before_anything_is_loaded(tmp_path: Path) -> None:
    out = called("status", home=tmp_path)
    assert out.returncode == 0 and "nothing loaded yet" in out.stdout
    assert not (tmp_path / "snapshots").exists()


def test_bad_setting_is_named(tmp_path: Path) -> None:
    out = called("status", home=tmp_path, ASSISTANT_PORT="70000")
    assert out.returncode == 1 and "port" in out.stderr
    (tmp_path / "settings.toml").write_text("colour = 'blue'\n")
    out = called("status", home=tmp_path)
    assert out.returncode == 1 and "colour" in out.stderr


def test_version() -> None:
    out = program("--version", home=ROOT)
    assert out.stdout.startswith("marketing-assistant ")
