"""A post for social media: words about products the shop has, with prices from the data. No image, nothing posted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from assistant.campaigns.copy.rules import rules_of, violations
from assistant.campaigns.copy.slots import Message
from assistant.campaigns.copy.voice import BrandVoice
from assistant.campaigns.messages import Pick, RecipientCopy
from assistant.data.warehouse import Snapshot
from assistant.errors import NotPermitted
from assistant.plans import CampaignBrief, Period, PostRequest, QueryPlan, Sort
from assistant.plans.reword import reword
from assistant.results import Column, Evidence, Figure, Result, Source, Table


def bestsellers(query: Callable[[QueryPlan], Result], k: int) -> list[str]:
    """Ids of the products that brought most in the last 90 days, best first."""
    best = query(QueryPlan(
        metrics=("revenue",), dimensions=("product",), period=Period(kind="rolling", unit="day", count=90),
        sort=Sort(by="revenue"), limit=k))
    table = best.table("result")
    place = next(i for i, c in enumerate(table.columns) if c.unit == "id")
    return [str(row[place]) for row in table.rows]


def post_result(
    snapshot: Snapshot, request: PostRequest, product_ids: Sequence[str], voice: BrandVoice | None = None
) -> Result:
    """The post, or the pop-up for the shop's own pages, in as many wordings as were asked for.

    Args:
        product_ids: products it is about, best first.

    Raises:
        NotPermitted: the title promises what no data support.
    """
    if request.title:
        said = violations(request.title.replace("{", "").replace("}", ""), request.language)
        wrong = [w for w in said if w != rules_of(request.language).why.get("occasion")]
        if wrong:
            raise NotPermitted(f"The title may not hold {wrong[0]}", received=request.title)
    seed = request.title or request.theme or request.category or "post"
    copy = RecipientCopy(snapshot, CampaignBrief(
        goal="promotion", language=request.language, tone=request.tone, length=request.length, offer=request.offer,
        wording=request.wording), seed, voice)
    picks = [Pick(p) for p in product_ids[: request.k]]
    posts = [_titled(copy.messages(picks, [request.channel], v)[0], request.title) for v in range(request.variants)]
    rows = [[p, copy.products[p]["name"], None if copy.price(p) is None else float(copy.price(p) or 0)]
            for p in product_ids[: request.k]]
    table = Table(id="products", title="Products of the post", rows=rows, total_rows=len(rows), columns=[
        Column(name="product_id", label="Id", unit="id"), Column(name="name", label="Product"),
        Column(name="price", label="Price", unit="currency")])
    figures = {"n": Figure(value=len(rows), unit="count", label="Products",
                           source=Source(table="products", origin="derived", derivation="number of rows"))}
    return Result(
        kind="social_post", title="Post for social media (draft)", currency=snapshot.currency, tables=[table],
        figures=figures, words={
            "title": request.title or "", "audience": request.audience_words or "",
            "channel": request.channel, "button": posts[0].button, "heading": posts[0].subject,
            "opening": posts[0].body.split("\n\n- ")[0].replace("\n\n", " "),
            "others": " / ".join(p.body.split("\n\n- ")[0].replace("\n\n", " ") for p in posts[1:]),
            "not_included": "; ".join(request.not_included),
        },
        details={"status": "draft", "copy": [{
            "channel": p.channel, "subject": p.subject, "preheader": "", "body": p.body, "button": p.button,
            "slots": [{"name": n, "text": t, "source": s} for n, t, s in p.slots]} for p in posts]},
        evidence=Evidence(
            plan=request.model_dump(mode="json"), plan_words=reword(request), snapshot=snapshot.manifest.id,
            source=snapshot.manifest.source, synthetic=snapshot.manifest.synthetic, as_of=snapshot.as_of,
            assumptions=["The words hold no claim beyond names and prices of products in the data."],
        ),
        followups=["Top 10 products by revenue", "Draft a win-back campaign for lapsed customers"],
    )


def _titled(message: Message, title: str | None) -> Message:
    """The title of the request over a post; on a pop-up it takes the place of the worded one."""
    if not title:
        return message
    slots = (("title", title, "title of the request"), *message.slots)
    if message.channel == "popup":
        return replace(message, subject=title, slots=slots)
    return replace(message, body=f"{title}\n\n{message.body}", slots=slots)
