"""Goods that somebody looks for: "something for a kids birthday party" asks nothing about customers and their children.

The words that follow are searched for by their meaning. A text that speaks of customers, sales or campaigns is none.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from assistant.llm.planner.candidate import Planned, ToolCall
from assistant.llm.planner.language_files import read_yaml

FRAME = "wanted_goods"


@lru_cache(maxsize=4)
def _forms(language: str) -> dict[str, Any]:
    raw = read_yaml(language, "wanted_goods") or {}
    return {key: [re.compile(one, re.IGNORECASE) for one in ([form] if isinstance(form, str) else form)]
            for key, form in raw.items()}


def wanted_goods(text: str, language: str) -> Planned | None:
    """The search for what is wanted; None where the text looks for no goods.

    Args:
        text: as it was said.
        language: folder of the lexicon.
    """
    forms = _forms(language)
    if not forms:
        return None
    said = text.replace("’", "'").strip()
    price = forms["price"][0].search(said)
    rest = said if price is None else (said[: price.start()] + said[price.end():])
    found = next((hit for form in forms["wanted"] if (hit := form.search(rest))), None)
    if found is None or not forms["occasion"][0].search(rest) or forms["not_these"][0].search(found["for_what"]):
        return None
    kind = found.groupdict().get("kind")
    what = forms["leading"][0].sub("", found["for_what"])
    args: dict[str, Any] = {"text": f"{kind} {what}" if kind else what}
    if price is not None:
        args["max_price"] = float(price["n"])
    return Planned([ToolCall("search_products", args)], 1.0, frame=FRAME)
