"""Subject lines to choose from, compiled as those of a campaign are: no claim, price or number but from data.

They belong to no draft; one that is chosen goes into a draft as an edit of its subject.
"""

from __future__ import annotations

from datetime import UTC, datetime

from assistant.campaigns.copy.grammar import Grammar
from assistant.campaigns.copy.rules import violations
from assistant.campaigns.copy.slots import Slot
from assistant.campaigns.copy.voice import BrandVoice
from assistant.campaigns.copy.writer import Copywriter
from assistant.campaigns.messages import RecipientCopy
from assistant.data.warehouse import Snapshot
from assistant.plans import CampaignBrief, PostRequest
from assistant.plans.reword import reword
from assistant.results import Column, Evidence, Figure, Result, Source, Table

#: derivations tried for so many different lines
_TRIES = 12
_TOPIC, _WITH_OFFER = "topic", "topic_offer"


def subject_lines_result(
    snapshot: Snapshot, request: PostRequest, topic_found: bool, voice: BrandVoice | None = None
) -> Result:
    """As many lines as were asked for, about the goods named, in the words of the kind of campaign.

    Args:
        topic_found: whether the shop has the goods that are named; without them no line names them.
    """
    about = request.category or request.theme
    wrong = violations(about, request.language) if about else []
    topic = about if about and topic_found and not wrong else None
    missing = list(request.not_included)
    if about and topic is None:
        missing.append(f"“{about}”: {wrong[0] if wrong else 'no product of the shop is called so'}")
    lines = _lines(snapshot, request, topic, voice)
    rows = [[n, line, len(line)] for n, line in enumerate(lines, start=1)]
    table = Table(id="lines", title="Subject lines", rows=rows, total_rows=len(rows), columns=[
        Column(name="number", label="No.", unit="count"), Column(name="line", label="Subject line"),
        Column(name="characters", label="Characters", unit="count")])
    figures = {"n": Figure(value=len(rows), unit="count", label="Subject lines", source=Source(
        table="lines", origin="derived", derivation="number of rows"))}
    return Result(
        kind="subject_lines", title="Subject lines (draft)", currency=snapshot.currency, tables=[table],
        figures=figures, headline=["n"], words={"topic": topic or "", "not_included": "; ".join(missing)},
        details={"status": "draft", "lines": lines},
        evidence=Evidence(
            plan=request.model_dump(mode="json"), plan_words=reword(request), snapshot=snapshot.manifest.id,
            source=snapshot.manifest.source, synthetic=snapshot.manifest.synthetic, as_of=snapshot.as_of,
            computed_at=datetime.now(UTC),
            assumptions=["The lines hold no claim, price, number or date beyond what the request and the data hold.",
                         "Which of them works best is not known before it is tested."]),
        followups=["Use the first one in a draft for lapsed customers", "Write other ones"],
    )


def _lines(snapshot: Snapshot, request: PostRequest, topic: str | None, voice: BrandVoice | None) -> list[str]:
    brief = CampaignBrief(goal=_goal(request), offer=request.offer, tone=request.tone, language=request.language)
    copy = RecipientCopy(snapshot, brief, topic or request.goal, voice)
    common = dict(copy.writer.common)
    goals = [brief.goal]
    if topic is not None:
        common["category"] = Slot.of_data(topic, "products.category" if request.category else "words of the request")
        goals = [_WITH_OFFER, _TOPIC] if "reduction" in common else [_TOPIC, brief.goal]
        goals = [g for g in goals if g == brief.goal or Grammar(g, language=request.language).own("subject")]
    found: list[str] = []
    for n in range(_TRIES):
        for goal in goals or [brief.goal]:
            writer = Copywriter(goal, topic or request.goal, common, copy.offer, copy.style, variant=n,
                                reworded=request.wording)
            line = writer.frame("email", ("subject",))["subject"].fill({k: s.text for k, s in common.items()})
            line = line[:1].upper() + line[1:]
            if line not in found and len(found) < request.variants:
                found.append(line)
    return found


def _goal(request: PostRequest) -> str:
    known = CampaignBrief.model_fields["goal"].annotation
    return request.goal if request.goal in getattr(known, "__args__", ()) else "promotion"
