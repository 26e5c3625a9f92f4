"""Change one digit in the draft of a reply: the program's check of numbers has to block it, every time."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assistant.results import Answer

#: digits tried per reply
TRIES = 3


@dataclass
class Alterations:
    """Counts drafts with one digit changed, and keeps those that passed the check."""

    tried: int = 0
    passed: list[str] = field(default_factory=list)
    #: true drafts that the check would have blocked
    false_alarms: list[str] = field(default_factory=list)

    def __call__(self, answer: Answer) -> None:
        """Alter the draft of an answer a few times; which digits depends on the draft alone."""
        from assistant.agent.grounding import check

        places = [i for i, character in enumerate(answer.reply) if character.isdigit() and character.isascii()]
        if not places or not answer.results or answer.outcome not in {"answered", "refused"}:
            return
        known = [*answer.numbers, *answer.quotes]
        asked = f"{answer.question} {answer.reading}".rstrip()
        if not check(answer.reply, answer.results, asked, known, composed=True).ok:
            self.false_alarms.append(answer.reply)
        chance = random.Random(answer.reply)
        for place in chance.sample(places, min(TRIES, len(places))):
            digit = chance.choice([d for d in "0123456789" if d != answer.reply[place]])
            draft = answer.reply[:place] + digit + answer.reply[place + 1 :]
            self.tried += 1
            if check(draft, answer.results, asked, known, composed=True).ok:
                around = slice(max(place - 40, 0), place + 30)
                self.passed.append(f"{answer.reply[around]!r} became {draft[around]!r}")
