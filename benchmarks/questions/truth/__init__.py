"""Independent answers to the gold questions. A question names one of :data:`ANSWERS` in ``of``.

The rest of its expectation are the arguments of that function.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from benchmarks.questions.truth import answers, marketing, people, shapes
from benchmarks.questions.truth.shop import GoldShop, Split, load_shop, read_shop, split_of

ANSWERS: dict[str, Callable[..., Any]] = {
    name: function
    for module in (answers, people, marketing, shapes)
    for name, function in vars(module).items()
    if callable(function) and not name.startswith("_") and getattr(function, "__module__", "") == module.__name__
}


#: keys of an expectation that say how the answer is looked at, not what it is
NOT_ARGUMENTS = frozenset({"kind", "of", "unit", "claimed", "chart", "about", "names", "tool", "says"})


def truth_of(shop: GoldShop, expected: dict[str, Any]) -> Any:
    """The right answer to an expectation, computed once per shop."""
    arguments = {k: v for k, v in expected.items() if k not in NOT_ARGUMENTS}
    key = json.dumps([expected["of"], arguments], sort_keys=True)
    if key not in shop.known:
        shop.known[key] = ANSWERS[expected["of"]](shop, **arguments)
    return shop.known[key]


__all__ = ["ANSWERS", "GoldShop", "Split", "load_shop", "read_shop", "split_of", "truth_of"]
