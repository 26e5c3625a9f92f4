"""One timed pass in a process of its own: ``python -m benchmarks.campaigns.copy.child (ours|jinja) HOME RECIPIENTS``.

Prints seconds, peak resident memory in MiB, and a digest of everything that was written.
"""

from __future__ import annotations

import hashlib
import json
import resource
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from assistant.campaigns.messages import Pick, Picks, RecipientCopy
from assistant.campaigns.stream import Addressed, personalised
from assistant.plans import CampaignBrief, OfferSpec
from assistant.settings import Settings
from assistant.workspace import Workspace

SEED = 20260618
BRIEF = CampaignBrief(goal="win_back", offer=OfferSpec(kind="percent_off", value=10))


def picks_of(ids: Sequence[str], products: Sequence[str]) -> Mapping[str, Picks]:
    """Three products and reasons for each recipient, drawn by a seed from their number."""
    found: dict[str, Picks] = {}
    for customer in ids:
        draw = np.random.default_rng([SEED, int(customer)]).integers(0, len(products), 6)
        found[customer] = [Pick(products[draw[n]], products[draw[n + 3]]) for n in range(3)]
    return found


def ours(copy: RecipientCopy, people: int, products: Sequence[str], drawn: Mapping[str, Picks]) -> Iterator[str]:
    """Every text of every message by the compiler's stream."""
    everybody = (Addressed(str(n), ("email", "sms")) for n in range(people))
    for written in personalised(copy, everybody, lambda ids, k, c: {i: drawn[i] for i in ids}, k=3):
        message = written.message
        yield message.subject
        yield message.preheader
        yield message.body
        yield message.html


def jinja(copy: RecipientCopy, people: int, products: Sequence[str], drawn: Mapping[str, Picks]) -> Iterator[str]:
    """The same texts by plain Jinja templates over the same values."""
    from benchmarks.campaigns.copy.plain import templates

    texts = templates(copy)
    values = {p: copy.slots(Pick(p)) for p in products}
    plain = {p: {n: s.text for n, s in slots.items()} for p, slots in values.items() if slots}
    common = {"link": copy._common["unsubscribe_link"].text}
    for n in range(people):
        chosen = [{**plain[p.product_id], "because": copy.products[p.because]["name"]}
                  for p in drawn[str(n)] if p.product_id in plain]
        for template in texts.email:
            yield template.render(lines=chosen, **common)
        yield ""
        yield ""
        yield texts.sms.render(lines=chosen, **common)
        yield ""


def main(which: str, home: Path, people: int) -> None:
    """Run one pass and print what it took."""
    copy = RecipientCopy(Workspace(Settings(home=home)).snapshot, BRIEF, "c-1")
    products = sorted(p for p in copy.products if copy.slots(Pick(p)) is not None)
    drawn = dict(picks_of([str(n) for n in range(people)], products))
    digest, size = hashlib.sha256(), 0
    for text in ours(copy, 1, products, drawn):  # both begin warm
        size += len(text)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    started, size, count = time.perf_counter(), 0, 0
    for count, text in enumerate((ours if which == "ours" else jinja)(copy, people, products, drawn), start=1):
        size += len(text)
        if count <= 4000:
            digest.update(text.encode())
    seconds = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "peak": after, "grown": after - before, "characters": size,
                      "digest": digest.hexdigest()}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
