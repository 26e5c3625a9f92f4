"""Answers → HTML. One pure function per result kind; results decide the picture, never the text.

A kind without a function of its own gets the generic card: headline, first chart, first table, the rest folded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from assistant.llm.replies import caveat_texts
from assistant.results import Answer, Caveat, Result, Step
from assistant.ui.cards import audience, campaign, categories, customer, models, pieces, products, segments, sending
from assistant.ui.cards.board import Board
from assistant.ui.cards.how import describe_source, how
from assistant.ui.cards.pieces import duration
from assistant.ui.markup import esc, rich_text, tag
from assistant.ui.texts import Texts

DrawBody = Callable[[Board, Result, int], str]


@dataclass(frozen=True)
class Drawn:
    """HTML of one turn and the figures to be drawn into its empty elements."""

    html: str
    plots: dict[str, dict[str, Any]] = field(default_factory=dict)


def _nothing(board: Board, result: Result, index: int) -> str:
    """Refusals and questions back are said in the reply; their choices are drawn below it."""
    return ""


KINDS: dict[str, DrawBody] = {
    "query": audience.listed,
    "change": pieces.body,
    "cohorts": pieces.body,
    "returning": pieces.body,
    "ladder": pieces.body,
    "spread": pieces.body,
    "early": pieces.body,
    "concentration": pieces.body,
    **dict.fromkeys(("usual", "runs", "gap", "reach", "pace", "scaled"), pieces.body),
    "standing": pieces.body,
    "data_overview": pieces.body,
    "audience": audience.chosen,
    "customer_profile": customer.profile,
    "interests": pieces.body,
    "fairness": pieces.body,
    "report": pieces.body,
    "privacy": pieces.body,
    "segments": segments.split,
    "recommendation": products.recommendation,
    "recommendation_why": products.recommendation,
    "new_products": products.recommendation,
    "recommender_comparison": pieces.body,
    "promotion": products.recommendation,
    "product_trends": pieces.body,
    "interest_list": products.recommendation,
    "substitutes": products.recommendation,
    "bundles": pieces.body,
    "bought_together": pieces.body,
    "product_search": pieces.body,
    "forecast": models.examined,
    "churn": models.examined,
    "segment_reason": pieces.body,
    "churn_standing": models.examined,
    "churn_groups": models.examined,
    "uplift": models.examined,
    "read_out": pieces.body,
    "offer_choice": pieces.body,
    "offer_needs": pieces.body,
    "experiment_size": pieces.body,
    "experiment_days": pieces.body,
    "subject_lines": pieces.body,
    "experiment": pieces.body,
    "experiment_list": pieces.body,
    "exploration": pieces.body,
    "own_experiment": pieces.body,
    "experiment_history": pieces.body,
    "campaigns_seen": pieces.body,
    "churn_exam": models.examined,
    "churn_drivers": models.examined,
    "ordering": models.examined,
    "ordering_exam": models.examined,
    "table_scores": models.examined,
    "table_exam": models.examined,
    "table_drivers": models.examined,
    "table_list": pieces.body,
    "campaign": campaign.draft,
    "campaign_list": pieces.body,
    "dry_run": sending.dry_run,
    "sending_state": pieces.body,
    "campaign_calendar": pieces.body,
    "exported": pieces.body,
    "send_plan": pieces.body,
    "sending_stopped": pieces.body,
    "campaign_message": campaign.message,
    "campaign_reason": pieces.body,
    "send_times": pieces.body,
    "explanation": pieces.body,
    "term_agreed": pieces.body,
    "term_withdrawn": pieces.body,
    "terms": pieces.body,
    "segment_saved": audience.chosen,
    "saved_segment": audience.chosen,
    "saved_segments": pieces.body,
    "segment_change": pieces.body,
    "segment_tested": pieces.body,
    "segment_refreshed": pieces.body,
    "segment_drift": pieces.body,
    "segment_changed": pieces.body,
    "undone": pieces.body,
    "audience_pair": pieces.body,
    "group_comparison": pieces.body,
    "group_movers": pieces.body,
    "categories": categories.tree,
    "categories_proposed": categories.tree,
    "categories_changed": categories.tree,
    "category_edited": pieces.body,
    "category_products": pieces.body,
    "refusal": _nothing,
    "question": _nothing,
}


def render_question(text: str) -> str:
    """The person's words."""
    return tag("div", tag("div", esc(text), class_="said"), class_="question")


def render_pending(texts: Texts, question: str, steps: Sequence[Step], *, stopping: bool = False) -> Drawn:
    """A turn that is still running: the question, and the steps so far."""
    running = next((s for s in reversed(steps) if s.status == "running"), None)
    words = texts("turn.thinking")
    if stopping:
        words = texts("turn.stopping")
    elif running is not None:
        words = texts("turn.steps_running", n=len(steps), tool=tool_label(texts, running.tool))
    line = tag("div", tag("span", "", class_="spinner", aria_hidden="true") + tag("span", esc(words)), class_="working")
    done = _step_list(texts, [s for s in steps if s.status != "running"])
    return Drawn(render_question(question) + tag("div", line + done, class_="pending"))


def render_failed(texts: Texts, question: str) -> Drawn:
    """A turn whose run broke: one clear line."""
    line = tag("p", esc(texts("turn.failed")))
    banner = tag("div", esc(texts("outcome.failed")), class_="banner failed")
    retry = tag("footer", _action(texts, "retry", data_retry=question), class_="actions")
    return Drawn(render_question(question) + tag("article", banner + line + retry, class_="card failed"))


def render_answer(texts: Texts, answer: Answer, thread_id: str) -> Drawn:
    """A finished turn: the question and the answer card."""
    board = Board(texts, thread_id, answer.run_id or "none", tuple(answer.followups))
    parts = [
        _banner(texts, answer),
        "".join(pieces.headline(r) for r in answer.results),
        _reply(board, answer),
        _options(texts, answer),
        _results(board, answer.results),
        pieces.caveats(board, [line for line in answer.caveats if line != synthetic_caveat()]),
        how(board, answer),
        pieces.choices(texts("card.followups"), answer.followups, "followups"),
        _footer(texts, answer),
    ]
    card = tag("article", "".join(parts), class_=f"card {answer.outcome}", data_run=answer.run_id)
    return Drawn(render_question(answer.question) + _steps(texts, answer) + card, board.plots)


@lru_cache(maxsize=1)
def synthetic_caveat() -> str:
    """The caveat that data are synthetic: every card says it as a badge, so it is not said a second time."""
    marked = Result(kind="query", title="", caveats=[Caveat(code="synthetic")])
    return caveat_texts(marked)[0].text


def spoken_summary(texts: Texts, answer: Answer) -> str:
    """What a screen reader is told when an answer has come."""
    first = next((line.strip() for line in answer.reply.splitlines() if line.strip()), "")
    return f"{texts('turn.ready')} {first[:300]}"


def tool_label(texts: Texts, tool: str) -> str:
    return texts.get(f"tools.{tool}", tool.replace("_", " "))


def _steps(texts: Texts, answer: Answer) -> str:
    steps = [s for s in answer.steps if s.status != "running"]
    took = duration(answer.milliseconds)
    if not steps:
        return ""
    title = texts("turn.steps_one", duration=took) if len(steps) == 1 else texts(
        "turn.steps", n=len(steps), duration=took)
    return pieces.fold(title, _step_list(texts, steps), "steps", "fold steps")


def _step_list(texts: Texts, steps: Sequence[Step]) -> str:
    lines = []
    for step in steps:
        facts = [duration(step.milliseconds)]
        if step.rows is not None:
            facts.append(texts("turn.rows_one") if step.rows == 1 else texts("turn.rows", n=f"{step.rows:,}"))
        if step.status in {"refused", "failed"}:
            facts.append(texts(f"turn.status_{step.status}"))
        mark = tag("span", "", class_=f"dot {step.status}", aria_hidden="true")
        lines.append(tag("li", mark + esc(tool_label(texts, step.tool)) + tag("span", esc(" · ".join(facts)),
                                                                           class_="facts")))
    return tag("ol", "".join(lines), class_="step-list") if lines else ""


def _banner(texts: Texts, answer: Answer) -> str:
    synthetic = any(r.evidence.synthetic for r in answer.results)
    parts = ""
    if answer.outcome in {"refused", "failed", "asked"}:
        key = {"refused": answer.reason or "not_understood"}.get(answer.outcome, answer.outcome)
        parts += tag("span", esc(texts(f"outcome.{key}")), class_=f"banner {answer.outcome}")
    else:
        titles = list(dict.fromkeys(r.title for r in answer.results if r.title))
        parts += tag("h3", esc(" · ".join(titles[:3])), class_="card-title") if titles else ""
    if synthetic:
        parts += tag("span", esc(texts("header.synthetic")), class_="badge synthetic",
                     title=texts("header.synthetic_help"))
    return tag("header", parts, class_="card-head") if parts else ""


def _reply(board: Board, answer: Answer) -> str:
    def draw_number(index: int, text: str) -> str:
        number = answer.numbers[index]
        source = number.source
        cell = None
        if source.table is not None and source.column is not None:
            cell = f"{number.result}/{source.table}/{source.row or 0}/{source.column}"
        return tag("span", text, class_="num", data_cell_ref=cell, title=describe_source(board, number, answer))

    text = _without_options(answer.reply, _offered(answer))
    if text != answer.reply:
        return tag("div", rich_text(text), class_="reply")
    return tag("div", rich_text(text, answer.numbers, draw_number), class_="reply")


def _offered(answer: Answer) -> list[str]:
    """Readings of a question back, or what can be asked instead of what was refused: drawn as buttons."""
    if answer.outcome == "asked":
        return answer.options
    return [question for r in answer.results if r.refusal for question in r.refusal.nearest]


def _without_options(text: str, options: Sequence[str]) -> str:
    """The text without its list of options and the line that leads to it, which are drawn as buttons."""
    listed = {f"- {option.strip()}" for option in options}
    kept: list[str] = []
    for line in text.splitlines():
        if line.strip() not in listed:
            kept.append(line)
        elif kept and kept[-1].rstrip().endswith(":"):
            kept.pop()
    return "\n".join(kept) if len(kept) < len(text.splitlines()) else text


def _options(texts: Texts, answer: Answer) -> str:
    title = texts("card.options" if answer.outcome == "asked" else "card.could_ask")
    return pieces.choices(title, _offered(answer), "options")


def _results(board: Board, results: Sequence[Result]) -> str:
    several = len([r for r in results if r.tables or r.charts or r.details]) > 1
    drawn = []
    for index, result in enumerate(results):
        inner = KINDS.get(result.kind, pieces.body)(board, result, index)
        if inner:
            title = tag("h3", esc(result.title)) if several else ""
            drawn.append(tag("section", title + inner, class_=f"result {_css_name(result.kind)}"))
    return "".join(drawn)


def _css_name(kind: str) -> str:
    return "kind-" + "".join(c if c.isalnum() else "-" for c in kind)


def _footer(texts: Texts, answer: Answer) -> str:
    who = pieces.brain_words(texts, answer.brain)
    by = tag("span", esc(texts("card.answered_by", brain=who, duration=duration(answer.milliseconds))),
             class_="by") if answer.brain else ""
    buttons = (
        _action(texts, "copy", data_copy=answer.reply)
        + _action(texts, "retry", data_retry=answer.question)
        + _action(texts, "edit", data_edit=answer.question)
        + _action(texts, "good", data_rate="good", aria_pressed="false")
        + _action(texts, "bad", data_rate="bad", aria_pressed="false")
    )
    comment_id = f"comment-{answer.run_id}"
    comment = tag(
        "form",
        tag("label", esc(texts("turn.comment")), for_=comment_id)
        + tag("textarea", "", id=comment_id, rows="2", maxlength="2000")
        + tag("button", esc(texts("turn.comment_send")), type="submit"),
        class_="comment", hidden=True, data_run=answer.run_id,
    )
    return tag("footer", by + tag("span", buttons, class_="buttons"), class_="actions") + comment


#: outlines on a 24 × 24 grid
_ICONS = {
    "copy": "M9 9h11v11H9zM15 9V4H4v11h5",
    "retry": "M20 11a8 8 0 1 0-2.3 6.3M20 4v7h-7",
    "edit": "M4 20h4L19 9l-4-4L4 16zM13 7l4 4",
    "good": "M7 11v9H4v-9zM7 11l4-7c1.7 0 2.5 1.2 2.2 2.8L12.6 10H19a1.6 1.6 0 0 1 1.6 2l-1.6 6.6A2 2 0 0 1 17 20H7",
    "bad": "M17 13V4h3v9zM17 13l-4 7c-1.7 0-2.5-1.2-2.2-2.8l.6-3.2H5a1.6 1.6 0 0 1-1.6-2L5 5.4A2 2 0 0 1 7 4h10",
}


def _action(texts: Texts, name: str, **data: object) -> str:
    label = texts(f"turn.{name}")
    icon = tag("svg", tag("path", "", d=_ICONS[name]), viewBox="0 0 24 24", aria_hidden="true")
    return tag("button", icon, type="button", class_=f"action {name}", title=label, aria_label=label, **data)
