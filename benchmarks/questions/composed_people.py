"""Descriptions of customers put together of two to four clauses with known rules: is each read as exactly these?

Every kind of clause (``composed_people.yaml``) has several wordings, in two splits: ``seen`` ones, which the planner
was built with, and ``unseen`` ones, on which it was first measured without their having been looked at. A text joins
clauses of different kinds in any order. What the planner makes of it is compared by the customers it selects, never by
the form of the rule; an answer about other customers is wrong, a decline is a refusal. Run:
``python -m benchmarks.questions.composed_people [--split unseen] [-n 120] [--seed 7] [--show]``.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter

from assistant.plans.filters import And, Filter, Not

HERE = Path(__file__).parent
_FILTER: TypeAdapter[Any] = TypeAdapter(Filter)
#: tools whose call selects customers, with the argument that says which
SELECTING = {"count_audience": "filter", "query_data": "filter", "save_segment": "filter", "draft_campaign": "audience"}


@dataclass(frozen=True)
class Composed:
    """One text, the rule it was made of, and the kinds of its clauses."""

    text: str
    rule: Filter
    kinds: tuple[str, ...]


def composed(split: str, n: int, seed: int) -> Iterator[Composed]:
    """So many texts, the same for the same seed."""
    raw: dict[str, Any] = yaml.safe_load((HERE / "composed_people.yaml").read_text(encoding="utf-8"))
    dice = random.Random(seed)
    for _ in range(n):
        chosen = dice.sample(sorted(raw["clauses"]), dice.choice((2, 2, 3, 3, 4)))
        yield _one(raw, split, chosen, dice)


def _one(raw: dict[str, Any], split: str, chosen: list[str], dice: random.Random) -> Composed:
    chosen.sort(key=lambda kind: raw["clauses"][kind].get("place", 1))  # where they live is said before what they did
    said: list[tuple[str, str]] = []
    parts: list[Filter] = []
    for kind in chosen:
        clause = raw["clauses"][kind]
        values = {name: dice.choice(options) for name, options in clause.get("values", {}).items()}
        told = dice.choice(clause[split])
        said.append((str(told["shape"]), str(told["text"]).format(**{k: v["said"] for k, v in values.items()})))
        parts.append(_FILTER.validate_python(_filled(clause["rule"], {k: v["means"] for k, v in values.items()})))
    excluded = len(chosen) > 2 and dice.random() < 0.25 and said[-1][0] == "who"
    if excluded:
        parts[-1] = Not(part=parts[-1])
    text = _joined(raw, said, excluded, dice)
    opener = dice.choice(raw["openers"][split])
    return Composed(opener.format(text), And(parts=tuple(parts)), tuple(chosen))


def _filled(rule: Any, values: dict[str, Any]) -> Any:
    if isinstance(rule, str) and rule.startswith("="):
        return values[rule[1:]]
    if isinstance(rule, dict):
        return {k: _filled(v, values) for k, v in rule.items()}
    return [_filled(v, values) for v in rule] if isinstance(rule, list) else rule


def _joined(raw: dict[str, Any], said: list[tuple[str, str]], excluded: bool, dice: random.Random) -> str:
    """The clauses as one phrase: "customers from A who B, C and D"."""
    text, before = "customers", ""
    for k, (shape, clause) in enumerate(said):
        last = k == len(said) - 1
        lead = raw["leads"][shape]
        if not before or (shape == "bare" and before == "bare" and k == 1):
            text += f" {lead} {clause}".replace("  ", " ")
        elif last and excluded:
            text += f"{dice.choice(raw['except'])} {clause}"
        else:
            joint = dice.choice(raw["joints"]["last" if last else "inner"])
            again = lead if shape != before or dice.random() < 0.4 else ""
            text += f"{joint} {again} {clause}".replace("  ", " ")
        before = shape
    return text


def judged(case: Composed, planned: Any, members: Any) -> str:
    """``right``, ``refused`` or ``wrong``.

    Args:
        planned: the planner's calls. members: the customers that a rule selects.
    """
    calls = [c for c in planned.calls if c.name in SELECTING]
    if len(calls) != 1 or len(planned.calls) != 1:
        declined = not calls and all(c.name in {"decline", "ask_back"} for c in planned.calls)
        return "refused" if declined else "wrong"
    call = calls[0]
    rule = call.args.get(SELECTING[call.name])
    more = any(call.args.get(name) for name in ("period", "having"))
    if rule is None or more:
        return "wrong"
    return "right" if members(_FILTER.validate_python(rule)) == members(case.rule) else "wrong"


def main() -> None:
    import app
    from assistant.llm.planner.planner import plan_turn
    from assistant.query.audience import customer_ids
    from assistant.settings import load_settings

    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--split", choices=("seen", "unseen"), default="seen")
    options.add_argument("-n", type=int, default=120)
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--show", action="store_true", help="print what was not right")
    told = options.parse_args()
    workspace, session = app.compose(load_settings(), remember=False)
    kept: dict[str, frozenset[str]] = {}

    def members(rule: Filter) -> frozenset[str]:
        key = rule.model_dump_json()
        if key not in kept:
            kept[key] = frozenset(customer_ids(workspace.snapshot, workspace.agreed.in_force().resolve(rule).condition))
        return kept[key]

    counted: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    for case in composed(told.split, told.n, told.seed):
        planned = plan_turn(case.text, None, session._shop)
        verdict = judged(case, planned, members)
        counted[verdict] += 1
        if verdict != "right":
            missed.update(case.kinds)
        if verdict != "right" and told.show:
            print(f"{verdict}: {case.text}")
            for call in planned.calls:
                print("   ", call.name, call.args.get("message") or call.args.get(SELECTING.get(call.name, "")))
    print(dict(counted), "of", told.n)
    if told.show:
        print("kinds of clauses in what was not right:", dict(missed.most_common()))


if __name__ == "__main__":
    main()
