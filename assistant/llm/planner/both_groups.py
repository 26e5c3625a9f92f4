"""What is asked of two groups that were just set beside each other: "which of the two can we reach better", "and how
much did each of them spend in 2025". The text is planned once as one about all customers, and asked of either group."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from assistant.llm.planner.candidate import Planned
from assistant.llm.planner.kept_people import about_those
from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.population import Population
from assistant.llm.planner.turn import Turn
from assistant.plans.filters import Not

FRAME = "both_groups"
_LONGEST = 120
#: what was not answered leaves the two groups in talk
_ASIDE = frozenset({"decline", "ask_back"})


def both_groups(turn: Turn) -> Planned | None:
    """The plan of such a text: the same question of either group, the first one first; None where it is none."""
    last: Any = next((p for p in reversed(turn.context.past) if p.frame != FRAME and not p.refused
                      and p.call.name not in _ASIDE), None)
    raw = read_yaml(turn.language, "people_acts").get("both")
    if last is None or raw is None or last.call.name != "compare_groups" or len(turn.text) > _LONGEST:
        return None
    pair: Any = last.call.plan()
    sides = (pair.first, Not(part=pair.first) if pair.second is None else pair.second)
    text = " ".join(turn.text.replace("’", "'").split())
    for rule in raw:
        found = re.search(str(rule["find"]), text, re.IGNORECASE)
        if found is None:
            continue
        asked = f"{text[: found.start()]}{found.expand(str(rule['put']))}{text[found.end() :]}"
        planned = turn.whole(re.sub(str(rule["lead"]), "", asked, flags=re.IGNORECASE) if "lead" in rule else asked)
        made = [about_those(planned, Population(side, None, last), found.group().strip()) for side in sides]
        if all(m is not None and len(m.calls) == 1 for m in made):
            calls = [m.calls[0] for m in made if m is not None]
            return replace(planned, calls=calls, frame=FRAME, alternatives=[])
    return None


__all__ = ["FRAME", "both_groups"]
