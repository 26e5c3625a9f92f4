"""The real development questions keep the kind of answer that was judged right (the demo shop).

What each answer says was judged by eye (``benchmarks/questions/dev_outcomes.md``); here only "answered", "asked" and
"refused" are held, which tells when a change elsewhere loses a question.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.shared_data import shared_data
from tests.support.shops import copy_home

ROOT = Path(__file__).parents[2]
KIND = {"right": "answered", "asked rightly": "asked", "refused rightly": "refused"}


def _judged() -> dict[int, str]:
    """Line of the file → kind of answer, for those judged right on the demo shop."""
    rows = (ROOT / "benchmarks" / "questions" / "dev_outcomes.md").read_text(encoding="utf-8").splitlines()
    cells = [[c.strip() for c in row.strip("|").split("|")] for row in rows if re.match(r"\| \d+ \|", row)]
    return {int(row[0]): KIND[row[2]] for row in cells if row[2] in KIND}


@pytest.mark.slow
def test_kinds_of_answers_hold(demo_home: Path, tmp_path: Path) -> None:
    folder = shared_data()
    questions = folder.parent / "eval" / "questions_dev.jsonl" if folder else None
    if questions is None or not questions.exists():
        pytest.skip("the real development questions are not here (ASSISTANT_SHARED_DATA)")
    texts = [json.loads(line)["prompt"].replace("\n", " ") for line in questions.read_text("utf-8").splitlines()]
    asked = tmp_path / "asked.jsonl"
    asked.write_text("\n".join(json.dumps({"id": str(i), "turns": [t]}) for i, t in enumerate(texts, 1)), "utf-8")
    home = copy_home(demo_home, tmp_path / "home")
    run = subprocess.run(
        [sys.executable, "app.py", "ask", "--file", str(asked), "--home", str(home), "--json"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )
    replies = [json.loads(line) for line in run.stdout.splitlines() if line.startswith("{")]
    kinds = {int(r["id"]): r["turns"][0]["outcome"] for r in replies if r.get("turns")}
    judged = _judged()
    assert len(judged) > 130 and len(kinds) == len(texts), run.stderr[-500:]
    assert {n: (texts[n - 1][:60], kinds[n]) for n in judged if kinds[n] != judged[n]} == {}
