"""One timed pass in a process of its own: ``python -m benchmarks.campaigns.copy.child (ours|jinja) HOME RECIPIENTS``.

Prints seconds, peak resident memory in MiB, and a digest of everything that was written.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from assistant.campaigns.messages import Pick, Picks, RecipientCopy
from assistant.campaigns.stream import Addressed, personalised
from assistant.plans import CampaignBrief, OfferSpec
from assistant.settings import Settings
from assistant.workspace import Workspace

SEED = 20260618
_STEPS = ((7919, 104729), (6101, 15485863), (3571, 32452843))
BATCH = 1000
BRIEF = CampaignBrief(goal="win_back", offer=OfferSpec(kind="percent_off", value=10))


def picks_of(ids: Sequence[str], products: Sequence[str]) -> Mapping[str, Picks]:
    """Three products and reasons for each recipient, spread over the catalogue by their number; nothing is kept."""
    size = len(products)
    return {
        customer: [Pick(products[(SEED + int(customer) * step) % size], products[(int(customer) * other + n) % size])
                   for n, (step, other) in enumerate(_STEPS)]
        for customer in ids
    }


def ours(copy: RecipientCopy, people: int, products: Sequence[str]) -> Iterator[str]:
    """Every text of every message by the compiler's stream."""
    everybody = (Addressed(str(n), ("email", "sms")) for n in range(people))
    for written in personalised(copy, everybody, lambda ids, k, c: picks_of(ids, products), k=3, batch=BATCH):
        message = written.message
        yield message.subject
        yield message.preheader
        yield message.body
        yield message.html


def jinja(copy: RecipientCopy, people: int, products: Sequence[str]) -> Iterator[str]:
    """The same texts by plain Jinja templates over the same values."""
    from benchmarks.campaigns.copy.plain import templates

    texts = templates(copy)
    values = {p: copy.slots(Pick(p)) for p in products}
    plain = {p: {n: s.text for n, s in slots.items()} for p, slots in values.items() if slots}
    common = {"link": copy._common["unsubscribe_link"].text}
    drawn: Mapping[str, Picks] = {}
    for n in range(people):
        if n % BATCH == 0:
            drawn = picks_of([str(i) for i in range(n, min(n + BATCH, people))], products)
        chosen = [{**plain[p.product_id], "because": copy.products[str(p.because)]["name"]}
                  for p in drawn[str(n)] if p.product_id in plain]
        for template in texts.email:
            yield template.render(lines=chosen, **common)
        yield ""
        yield ""
        yield texts.sms.render(lines=chosen, **common)
        yield ""


def peak_mib() -> float:
    """Peak resident memory of this process (Linux); ``getrusage`` would count that of its parent too."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024


def main(which: str, home: Path, people: int) -> None:
    """Run one pass and print what it took."""
    copy = RecipientCopy(Workspace(Settings(home=home)).snapshot, BRIEF, "c-1")
    products = sorted(p for p in copy.products if copy.slots(Pick(p)) is not None)
    digest, size = hashlib.sha256(), 0
    for text in ours(copy, 1, products):  # both begin warm
        size += len(text)
    before = peak_mib()
    started, size, count = time.perf_counter(), 0, 0
    for count, text in enumerate((ours if which == "ours" else jinja)(copy, people, products), start=1):
        size += len(text)
        if count <= 4000:
            digest.update(text.encode())
    seconds = time.perf_counter() - started
    after = peak_mib()
    print(json.dumps({"seconds": seconds, "peak": after, "grown": after - before, "characters": size,
                      "digest": digest.hexdigest()}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
