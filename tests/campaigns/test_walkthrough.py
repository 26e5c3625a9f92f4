"""The walk-through in the documents is what really happens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app import cli, compose
from assistant.settings import load_settings
from tests.campaigns.sending.mail_server import MailServer
from tests.support.shops import copy_home

PAGE = Path(__file__).parents[2] / "docs" / "campaign_walkthrough.md"


def scenes(page: str) -> Iterator[tuple[str, list[str]]]:
    """What was typed, and the lines that came back."""
    for block in re.findall(r"```text\n(.*?)```", page, re.DOTALL):
        typed: str | None = None
        lines: list[str] = []
        for line in block.splitlines():
            if line.startswith(("> ", "$ ")):
                if typed:
                    yield typed, lines
                typed, lines = line, []
            else:
                lines.append(line)
        if typed:
            yield typed, lines


def expected(lines: list[str]) -> re.Pattern[str]:
    """``…`` inside a line is anything in it; alone it is any number of lines."""
    parts = ["(?:.*\n)*" if line == "…" else ".*".join(map(re.escape, line.split("…"))) + "\n" for line in lines]
    return re.compile("".join(parts))


def test_lines_left_out_and_parts_left_out() -> None:
    pattern = expected(["a … b", "…", "end"])
    assert pattern.fullmatch("a 12 b\nend\n") and pattern.fullmatch("a 12 b\nx\ny\nend\n")
    assert not pattern.fullmatch("a 12\nb\nend\n") and not pattern.fullmatch("a 12 b\nx\n")
    told = list(scenes(PAGE.read_text(encoding="utf-8")))
    assert len(told) > 15 and all(lines for _, lines in told)


@pytest.mark.slow
def test_the_walk_goes_as_written(demo_home: Path, tmp_path: Path) -> None:
    page, home = PAGE.read_text(encoding="utf-8"), copy_home(demo_home, tmp_path / "home")
    toml = re.search(r"```toml\n(.*?)```", page, re.DOTALL)
    assert toml is not None
    _, session = compose(load_settings(home), remember=False)
    digest, differing = "", []
    with MailServer() as server:
        (home / "sending.toml").write_text(toml.group(1).replace("port = 2587", f"port = {server.port}"))
        for typed, lines in scenes(page):
            if typed.startswith("> "):
                answer = session.answer("walk", typed[2:])
                digest = next((r.details["digest"] for r in answer.results if "digest" in r.details), digest)
                said = answer.reply
            else:
                told = CliRunner().invoke(cli, [*typed[2:].replace("DIGEST", digest[:12]).split(), "--home", str(home)])
                said = told.output
            came = "".join(line + "\n" for line in said.splitlines() if line.strip())
            if not expected(lines).fullmatch(came):
                differing.append(f"{typed}\n{came}")
        assert len(server.kept.mails) == 21, "twenty, and the test"
    assert not differing, "\n\n".join(differing)
