"""The words of the page are complete and used."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from assistant.ui.texts import Texts

SOURCES = Path(__file__).parents[2] / "assistant" / "ui"
#: keys made from data or from a name in the code
MADE = ("channels.", "metrics.", "tools.", "outcome.", "turn.status_", "upload.sure_", "upload.column_", "turn.",
        "sending.", "unsubscribe.", "upload.experiment_is_", "upload.experiment_role_")


def test_every_key_asked_for_exists(texts: Texts):
    code = "\n".join(path.read_text("utf-8") for path in SOURCES.rglob("*.py"))
    asked = set(re.findall(r"texts\(\s*[\"']([a-z_.]+)[\"']", code))
    assert len(asked) > 50
    assert asked - texts.keys() == set()


def test_every_word_is_used(texts: Texts):
    code = "\n".join(path.read_text("utf-8") for path in SOURCES.rglob("*.py"))
    quoted = set(re.findall(r"[\"']([a-z_.]+)[\"']", code))
    unused = {key for key in texts.keys() if key not in quoted and not key.startswith(MADE)}  # noqa: SIM118
    assert unused == set()


def test_unknown_key_and_missing_value_are_errors(texts: Texts):
    with pytest.raises(KeyError):
        texts("no.such.key")
    with pytest.raises(KeyError):
        texts("header.brain", wrong="x")
