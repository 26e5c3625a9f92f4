"""The bank of known questions can be read: a file with a slip in it would take the planner down with it."""

from __future__ import annotations

from assistant.llm.planner.question_bank import as_example, known_questions


def test_every_entry_can_be_read_and_every_slot_has_an_example() -> None:
    bank = known_questions("en")
    assert bank
    for entry in bank:
        for wording in entry.wordings:
            assert as_example(wording, "en").strip(), entry.ask
