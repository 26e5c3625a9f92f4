"""What one recipient of a draft gets, line by line, each with why it is there; or why somebody gets nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from assistant.campaigns.copy.slots import Message
from assistant.campaigns.copy.writer import Copywriter
from assistant.campaigns.draft import Plan, Rooms, make_plan, picks_for
from assistant.campaigns.messages import Picks, RecipientCopy
from assistant.data.warehouse import Snapshot
from assistant.errors import UnknownName
from assistant.plans import MessageRequest
from assistant.plans.reword import reword, reword_filter
from assistant.query.audience import customer_ids
from assistant.results import Column, Evidence, Figure, Result, Source, Table


@dataclass(frozen=True)
class Line:
    """One line of a message: which piece it is, what it says, and why this recipient sees it."""

    piece: str
    text: str
    why: str


def message_lines(copy: RecipientCopy, picks: Picks, channel: str, variant: int = 0) -> tuple[Message, list[Line]]:
    """The message of one recipient and the reason of each of its lines.

    Returns:
        the message, and its lines in the order a reader meets them.
    """
    message = copy.messages(picks, [channel], variant)[0]
    writer = copy.writer_of(variant)
    worded = "email" if channel == "post" else channel
    products = [Line("product", line.text, "; ".join(dict.fromkeys(source for _, _, source in line.used)))
                for line in copy.lines(picks)]
    if worded != "email":
        title = [Line("title", message.subject, _why(writer, worded, "title"))] if message.subject else []
        used = "; ".join(dict.fromkeys(source for _, _, source in message.slots))
        text = message.body.split("\n\n- ")[0] if channel == "social" else message.body
        body = Line("text", text, "; ".join(p for p in (_why(writer, worded, "text"), used) if p))
        return message, [*title, body, *(products if channel == "social" else [])]
    upper, lower = _around(message, writer, [line.text for line in products])
    return message, [Line("subject", message.subject, _why(writer, worded, "subject")),
                     Line("preheader", message.preheader, _why(writer, worded, "preheader")), *upper, *products, *lower]


def _around(message: Message, writer: Copywriter, products: Sequence[str]) -> tuple[list[Line], list[Line]]:
    """The paragraphs above and below the products."""
    paragraphs = [p for p in message.body.split("\n\n") if not (p.startswith("- ") and p[2:] in products)]
    pieces = [p for p in ("greeting", "body", "offer_line") if p in writer.frame("email")]
    count = len(paragraphs) - len(writer.foot) - 1
    upper = [Line(pieces[min(n, len(pieces) - 1)], text, _why(writer, "email", pieces[min(n, len(pieces) - 1)]))
             for n, text in enumerate(paragraphs[:count])]
    lower = [Line("sign_off", paragraphs[count], _why(writer, "email", "sign_off"))]
    feet = ["consent to this channel; no edit removes it", *["brand voice file"] * (len(writer.foot) - 2),
            "postal address of the sender; no edit removes it"]
    lower += [Line("foot", text, why) for text, why in zip(paragraphs[count + 1 :], feet, strict=False)]
    return upper, lower


def _why(writer: Copywriter, channel: str, piece: str) -> str:
    """Where the words of a piece come from."""
    if writer.edit_of(channel, piece) is not None:
        return "written by hand, the same for everyone"
    voice = writer.style.voice.sign_off
    if piece == "sign_off" and writer.style.language in voice:
        return "brand voice file"
    if piece == "offer_line":
        return "offer of the brief, the same for everyone"
    return f"wording of this campaign in a {writer.style.tone} tone, the same for everyone"


def explain_message(snapshot: Snapshot, request: MessageRequest, rooms: Rooms) -> Result:
    """The message of one recipient with the reason of every line.

    Returns:
        kind ``campaign_message``; table ``lines`` (channel, piece, text, why); ``words.standing`` is ``contacted``,
        ``holdout``, ``not_reachable`` or ``not_selected``.

    Raises:
        UnknownName: no such draft, or no such customer in the data.
    """
    draft = rooms.store.load(request.campaign_id)
    plan = make_plan(snapshot, draft.brief, rooms, draft.campaign_id, recipients=0)
    customer = request.customer_id or next(iter(plan.split.contacted), None)
    if customer is None or (request.customer_id and customer not in customer_ids(snapshot, None)):
        raise UnknownName("There is no such customer in the data", received=customer,
                          valid=list(plan.split.contacted[:5]))
    standing = _standing(plan, customer)
    channels = _channels(plan, customer, request.channel) if standing == "contacted" else []
    picks = picks_for(snapshot, plan, [customer], rooms).get(customer, ()) if channels else ()
    variant = min(request.variant, plan.brief.variants) - 1
    rows: list[list[Any]] = []
    copy: list[dict[str, Any]] = []
    for channel in channels:
        message, lines = message_lines(plan.copy, picks, channel, variant)
        rows += [[channel, line.piece.replace("_", " "), line.text, line.why] for line in lines]
        copy.append({"channel": channel, "subject": message.subject, "preheader": message.preheader,
                     "body": message.body, "button": message.button, "html": message.html, "for_customer": customer,
                     "slots": [{"name": n, "text": t, "source": s} for n, t, s in message.slots]})
    return _result(snapshot, plan, customer, standing, rows, copy, request)


def _standing(plan: Plan, customer: str) -> str:
    if customer in plan.split.contacted:
        return "contacted"
    if customer in plan.split.holdout:
        return "holdout"
    return "not_reachable" if customer in plan.audience.selected else "not_selected"


def _channels(plan: Plan, customer: str, channel: str | None) -> list[str]:
    """Channels of the campaign that reach the customer; what everyone sees is shown too."""
    reachable = plan.audience.reachable
    found = [c for c in plan.brief.channels
             if c in {"social", "popup"} or reachable is None or customer in reachable.get(c, ())]
    return [c for c in found if channel in {None, c}] or found


def _result(
    snapshot: Snapshot, plan: Plan, customer: str, standing: str, rows: list[list[Any]], copy: list[dict[str, Any]],
    request: MessageRequest,
) -> Result:
    columns = [Column(name="channel", label="Channel"), Column(name="piece", label="Piece"),
               Column(name="text", label="Line"), Column(name="why", label="Why it is there")]
    table = Table(id="lines", title="Line by line", columns=columns, rows=rows, total_rows=len(rows))
    count = Figure(value=len(rows), unit="count", label="Lines", source=Source(
        table="lines", origin="derived", derivation="number of rows")) if rows else None
    return Result(
        kind="campaign_message", title=f"Draft {plan.campaign_id}: message of customer {customer}",
        currency=snapshot.currency, tables=[table] if rows else [], figures={"lines": count} if count else {},
        words={"campaign": plan.campaign_id, "customer": customer, "standing": standing,
               "rule": _rule_words(plan), "channels": " and ".join(c["channel"] for c in copy),
               "consent_known": "no" if plan.audience.reachable is None else "yes"},
        details={"copy": copy, "brief": plan.brief.model_dump(mode="json"), "campaign_id": plan.campaign_id,
                 "status": "draft"},
        evidence=Evidence(
            plan=request.model_dump(mode="json"), plan_words=reword(request), snapshot=snapshot.manifest.id,
            source=snapshot.manifest.source, synthetic=snapshot.manifest.synthetic, as_of=snapshot.as_of,
            window_start=snapshot.manifest.first_day, window_end=snapshot.as_of, definitions=plan.definitions,
            assumptions=["Products come from the recommender; a reason is printed only where it was tested."],
        ),
        followups=["Show the draft"],
    )


def _rule_words(plan: Plan) -> str:
    """The rule in words, with the occasion that narrows it."""
    also = "" if plan.occasion is None else f"; {plan.occasion.step}"
    return f"{reword_filter(plan.rule)}{also}"
