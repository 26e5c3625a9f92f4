"""What the page shows at a moment, as plain values: header, conversation list, conversation."""

from __future__ import annotations

import uuid
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from assistant.agent.events import Conversations
from assistant.errors import AssistantError
from assistant.plans.desk import Desk
from assistant.plans.shop import Shop, ShopStatus
from assistant.results import Answer
from assistant.results.format import show
from assistant.ui.cards.pieces import brain_words
from assistant.ui.markup import esc, tag
from assistant.ui.render import Drawn, render_answer, render_failed, render_pending, spoken_summary
from assistant.ui.texts import Texts
from assistant.ui.turns import LiveTurn

KEPT_DRAWINGS = 400
SHOWN_TURNS = 60
"""Latest turns of a conversation that the page shows."""


def new_thread_id() -> str:
    return uuid.uuid4().hex


class Views:
    """Draws the page's parts; keeps finished answers as drawn, because they never change."""

    def __init__(
        self, conversations: Conversations, shop: Shop, desk: Desk, texts: Texts, settings_day: str | None = None
    ) -> None:
        self._settings_day = settings_day
        self._conversations, self._shop, self._desk, self._texts = conversations, shop, desk, texts
        self._drawn: OrderedDict[tuple[str, str], Drawn] = OrderedDict()

    def known(self, thread_id: str) -> bool:
        return any(t.thread_id == thread_id for t in self._conversations.threads())

    def conversation(self, thread_id: str, live: LiveTurn | None = None, say: str = "") -> dict[str, Any]:
        """The conversation as the page's script draws it: finished turns, then the running one."""
        return self.with_live(thread_id, self.finished(thread_id), live, say)

    def finished(self, thread_id: str) -> list[dict[str, Any]]:
        """The latest finished turns of a conversation."""
        history = list(self._conversations.history(thread_id))[-SHOWN_TURNS:] if thread_id else []
        return [self._turn(answer.run_id, self._answer(answer, thread_id)) for answer in history]

    def with_live(
        self, thread_id: str, finished: Sequence[dict[str, Any]], live: LiveTurn | None, say: str = ""
    ) -> dict[str, Any]:
        """Finished turns already drawn, and the running one as it is now."""
        turns = list(finished)
        if live is not None:
            turns.append(self._turn(live.key, self._live(live)))
            if live.answer is not None:
                say = spoken_summary(self._texts, live.answer)
        busy = live is not None and not live.done
        hero = "" if turns else self.hero()
        return {"thread": thread_id, "turns": turns, "busy": busy, "hero": hero, "say": say}

    def _turn(self, key: str, drawn: Drawn) -> dict[str, Any]:
        return {"id": key, "html": drawn.html, "plots": drawn.plots}

    def _live(self, live: LiveTurn) -> Drawn:
        if live.answer is not None:
            return self._answer(live.answer, live.thread_id)
        if live.broken:
            return render_failed(self._texts, live.question)
        return render_pending(self._texts, live.question, live.steps, stopping=live.stopping)

    def _answer(self, answer: Answer, thread_id: str) -> Drawn:
        key = (thread_id, answer.run_id)
        if key not in self._drawn:
            self._drawn[key] = render_answer(self._texts, answer, thread_id)
            while len(self._drawn) > KEPT_DRAWINGS:
                self._drawn.popitem(last=False)
        return self._drawn[key]

    def threads(self, current: str) -> dict[str, str]:
        """The list of stored conversations as HTML."""
        texts = self._texts
        stored = self._conversations.threads()
        items = "".join(self._thread(t.thread_id, t.title, t.updated_at, current) for t in stored)
        inner = tag("ul", items) if items else tag("p", esc(texts("threads.none")), class_="none")
        return {"html": tag("h2", esc(texts("threads.title"))) + inner}

    def _thread(self, thread_id: str, title: str, updated: datetime, current: str) -> str:
        texts = self._texts
        title = title.strip() or texts("threads.untitled")
        when = f"{updated.day} {updated:%b %H:%M}"
        here = thread_id == current
        opener = tag("button", tag("span", esc(title), class_="title") + tag("span", esc(when), class_="when"),
                     type="button", data_open=thread_id, class_="open", aria_current="true" if here else None,
                     aria_label=texts("threads.open", title=title), title=title)
        remover = tag("button", tag("span", "×", aria_hidden="true"), type="button", data_delete=thread_id,
                      class_="delete", aria_label=texts("threads.delete", title=title))
        sure = tag(
            "span",
            tag("span", esc(texts("threads.delete_confirm")))
            + tag("button", esc(texts("threads.delete_yes")), type="button", data_delete_yes=thread_id, class_="yes")
            + tag("button", esc(texts("threads.delete_no")), type="button", data_delete_no=True, class_="no"),
            class_="sure", hidden=True,
        )
        return tag("li", opener + remover + sure, class_="here" if here else None)

    def header(self, note: str = "", *, refused: bool = False) -> str:
        """Which data, which day, which brain; and one line about a change of the day."""
        texts = self._texts
        try:
            status = self._shop.status()
        except AssistantError as error:
            shop = tag("p", esc(texts("header.no_data")), title=str(error))
        else:
            shop = self._shop_facts(status)
        bar = tag("div", shop + self._brain(), class_="shop-bar")
        if not note:
            return bar
        css, role = ("day-note refused", "alert") if refused else ("day-note", "status")
        return bar + tag("p", esc(note), class_=css, role=role)

    def _brain(self) -> str:
        """Who answers in plain words; why, and how to change it, on demand."""
        texts, brain = self._texts, self._conversations.brain()
        who = brain_words(texts, brain.name, brain.kind)
        why = tag("p", esc(brain.reason))
        named = tag("p", esc(texts("header.brain_name", name=brain.name)), class_="soft")
        change = tag("p", tag("strong", esc(texts("header.brain_how"))) + " " + esc(brain.how_to_change))
        pop = tag("div", why + change + named, class_="pop")
        return tag("details", tag("summary", esc(texts("header.brain", name=who))) + pop, class_="brain chip",
                   data_pop=True)

    def _shop_facts(self, status: ShopStatus) -> str:
        texts = self._texts
        name = tag("strong", esc(status.name), class_="shop-name")
        badge = tag("span", esc(texts("header.synthetic")), class_="badge synthetic",
                    title=texts("header.synthetic_help")) if status.synthetic else ""
        window = texts("header.window", first=_day(status.first_day), last=_day(status.last_day))
        rows = {name: f"{status.rows.get(name, 0):,}" for name in ("orders", "customers", "products")}
        facts = (
            tag("span", esc(window)) + self._today(status)
            + tag("span", esc(texts("header.counts", **rows)), title=status.source, class_="counts")
        )
        return tag("div", tag("div", name + badge, class_="names") + tag("div", facts, class_="facts"), class_="shop")

    def _today(self, status: ShopStatus) -> str:
        """The analysis date, marked where it is not the last day of the data, with the form that changes it."""
        texts = self._texts
        moved = status.as_of != status.last_day
        form = tag(
            "form",
            tag("label", esc(texts("header.day_label")) + tag(
                "input", "", type="date", name_="day", value=status.as_of.isoformat(),
                min=status.first_day.isoformat(), max=status.last_day.isoformat(), required=True))
            + tag("button", esc(texts("header.day_use")), type="submit", class_="go"), novalidate=True)
        default = self._settings_day or status.last_day.isoformat()
        reset = ""
        if status.as_of.isoformat() != default:
            key = "header.day_settings" if self._settings_day else "header.day_last"
            reset = tag("button", esc(texts(key, day=show(default, "date"))), type="button", class_="plain",
                        data_day_reset=True)
        pop = tag("div", tag("p", esc(texts("header.as_of_help"))) + form + reset, class_="pop")
        mark = tag("span", esc(texts("header.day_moved")), class_="badge moved") if moved else ""
        summary = tag("summary", esc(texts("header.as_of", as_of=_day(status.as_of))))
        return tag("details", summary + pop, class_="as-of chip", data_pop=True) + mark

    def hero(self) -> str:
        """What an empty conversation shows: questions that are known to work."""
        texts = self._texts
        try:
            name, questions = self._shop.status().name, list(self._desk.example_questions())
        except AssistantError:
            return tag("div", tag("h2", esc(texts("header.no_data"))), class_="hero")
        buttons = "".join(tag("button", tag("span", esc(q)), type="button", class_="ask example", data_ask=q)
                          for q in questions)
        return tag("div", tag("h2", esc(texts("hero.title"))) + tag("p", esc(texts("hero.lead", shop=name)))
                   + tag("div", buttons, class_="examples"), class_="hero")


def _day(day: Any) -> str:
    return show(day.isoformat(), "date")
