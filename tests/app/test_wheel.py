"""The built wheel, installed in an empty folder, reads a prompt and answers a question."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    subprocess.run(["git", "-C", str(ROOT), "checkout-index", "-a", f"--prefix={source}/"], check=True)
    subprocess.run([sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", str(folder), str(source)],
                   check=True)
    (path,) = folder.glob("*.whl")
    return path


def test_wheel_holds_packages_prompts_and_program(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for needed in ("app.py", "tools/registry.py", "assistant/workspace/workspace.py", "prompts/system/agent.md",
                   "prompts/replies/en/refusal.j2", "prompts/copy/en/rules.yaml", "assistant/query/definitions.yaml"):
        assert needed in names
    assert not [n for n in names if n.startswith(("tests/", "benchmarks/"))]
    tracked = subprocess.run(["git", "-C", str(ROOT), "ls-files", "assistant", "tools", "prompts"], capture_output=True,
                             text=True, check=True).stdout.split()
    assert [n for n in tracked if n not in names] == [], "files that the wheel forgets"


@pytest.mark.slow
def test_installed_wheel_answers_elsewhere(wheel: Path, demo_home: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(site), str(wheel)],
                   check=True)
    out = subprocess.run(
        [sys.executable, "-c", "import app, sys; assert 'site' in app.__file__; app.main()", "ask", "How many orders?"],
        capture_output=True, text=True, cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(site), "ASSISTANT_HOME": str(demo_home)},
    )
    assert out.returncode == 0, out.stderr
    assert any(c.isdigit() for c in out.stdout)
