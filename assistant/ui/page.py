"""The page: conversations at the side, the conversation in the middle, own data on demand.

The conversation, the list of conversations and the column form are HTML elements of our own that keep what did not
change (open details, drawn charts, focus) when something else did; their script is ``static/page.js``. Every handler is
asynchronous; turns run on worker threads (``turns.py``) and are only watched from here. This is the one module that
imports Gradio at its head: the framework reads the handlers' annotations.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from assistant.agent.events import Conversations
from assistant.errors import AssistantError
from assistant.plans.desk import Desk, LoadPreview
from assistant.plans.shop import Shop
from assistant.results.format import show
from assistant.settings import Settings
from assistant.ui.markup import esc, tag
from assistant.ui.texts import Texts, load_texts
from assistant.ui.turns import LiveTurn, TooManyTurns, TurnRunning, Turns, follow
from assistant.ui.upload import (
    Loading,
    RejectedUpload,
    check_mapping,
    drop_session,
    render_preview,
    render_problem,
    render_progress,
    take_files,
)
from assistant.ui.upload_experiment import KIND, chosen, render_experiment
from assistant.ui.views import Views, new_thread_id

WATCHERS = 64
"""Pages that may watch a running turn at once."""
QUEUE_LIMIT = 128
#: thread, log, threads, send, stop, header
VIEW_PARTS = 6
#: keep uploads at most a day, look every hour
DELETE_CACHE = (3600, 24 * 3600)

_LOG_JS = "window.assistantPage.log(element, props, watch, (name, data) => trigger(name, data)); // 'ask' 'edit' 'rate'"
_THREADS_JS = (
    "window.assistantPage.threads(element, props, watch, (name, data) => trigger(name, data)); // 'open' 'remove'"
)
_FORM_JS = (
    "window.assistantPage.form(element, props, watch, (name, data) => trigger(name, data)); // 'confirm' 'dismiss'"
)
_HEADER_JS = "window.assistantPage.header(element, props, watch, (name, data) => trigger(name, data)); // 'day'"
_HASH_JS = "() => [window.assistantPage.threadOfAddress()]"


def build_page(conversations: Conversations, shop: Shop, desk: Desk, settings: Settings) -> gr.Blocks:
    """The page as Gradio blocks, with all its handlers."""
    texts = load_texts()
    handlers = Handlers(conversations, Views(conversations, shop, desk, texts, settings.as_of), desk, settings, texts)
    with gr.Blocks(
        title=texts("page.title"), analytics_enabled=False, fill_width=True, delete_cache=DELETE_CACHE
    ) as page:
        parts = _lay_out(texts, settings)
        _wire(page, parts, handlers)
    page.queue(max_size=QUEUE_LIMIT, default_concurrency_limit=WATCHERS, api_open=False)
    return page


def _lay_out(texts: Texts, settings: Settings) -> dict[str, Any]:
    """All parts by name."""
    parts: dict[str, Any] = {"thread": gr.State(""), "paths": gr.State([]), "preview": gr.State(None),
                             "address": gr.Textbox(visible=False)}
    with gr.Sidebar(width=290, elem_id="side", label=texts("threads.title")):
        skip = tag("a", esc(texts("page.skip")), href="#box", class_="skip", data_skip=True)
        words = tag("h1", esc(texts("page.title"))) + tag("p", esc(texts("page.tagline")))
        brand = tag("div", tag("span", "", class_="logo", aria_hidden="true") + words, class_="brand")
        gr.HTML(skip + brand, apply_default_css=False)
        parts["new"] = gr.Button(texts("threads.new"), variant="primary", elem_id="new")
        parts["open_upload"] = gr.Button(texts("upload.open"), elem_id="open-upload")
        parts["threads"] = _custom({"html": ""}, "threads", _THREADS_JS, texts("threads.title"), "nav")
    with gr.Column(elem_id="main"):
        parts["header"] = _custom({"html": ""}, "header", _HEADER_JS, texts("header.label"), "header")
        with gr.Column(visible=False, elem_id="upload") as parts["panel"]:
            _lay_out_upload(parts, texts, settings)
        parts["log"] = _custom({"thread": None, "turns": [], "busy": False, "hero": "", "say": ""}, "log", _LOG_JS,
                               texts("turn.assistant"), "section")
        with gr.Column(elem_id="composer"):
            with gr.Row(elem_id="composer-row"):
                parts["box"] = gr.Textbox(
                    placeholder=texts("composer.placeholder"), label=texts("composer.label"), show_label=False, lines=1,
                    max_lines=6, container=False, scale=1, elem_id="box", autofocus=True,
                    max_length=settings.max_question_chars,
                )
                parts["send"] = gr.Button(texts("composer.send"), variant="primary", elem_id="send", scale=0,
                                          min_width=90)
                parts["stop"] = gr.Button(texts("composer.stop"), elem_id="stop", visible=False, scale=0, min_width=90)
            gr.HTML(tag("p", esc(texts("composer.note")), class_="composer-note"), apply_default_css=False)
    return parts


def _lay_out_upload(parts: dict[str, Any], texts: Texts, settings: Settings) -> None:
    head = tag("h2", esc(texts("upload.title"))) + tag("p", esc(texts("upload.lead")))
    gr.HTML(head, apply_default_css=False)
    parts["files"] = gr.File(
        file_count="multiple", elem_id="files", height=140, type="filepath",
        label=texts("upload.drop", limit=settings.max_upload_mb),
        file_types=[".csv", ".tsv", ".txt", ".xlsx", ".xls", ".parquet", ".zip", ".gz"],
    )
    parts["form"] = _custom({"html": ""}, "mapping", _FORM_JS, texts("upload.columns_title"), "section")
    parts["close_upload"] = gr.Button(texts("upload.close"), elem_id="close-upload", size="sm")


def _custom(value: dict[str, Any], elem_id: str, script: str, label: str, element: str) -> Any:
    """An element whose contents our own script keeps."""
    template = tag(element, "", class_="own", aria_label=label)
    return gr.HTML(value, html_template=template, js_on_load=script, elem_id=elem_id, apply_default_css=False)


def _wire(page: Any, parts: dict[str, Any], handlers: Handlers) -> None:
    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    watch = {**quiet, "concurrency_limit": WATCHERS, "concurrency_id": "watch", "trigger_mode": "multiple"}
    view = [parts[n] for n in ("thread", "log", "threads", "send", "stop", "header")]
    thread = parts["thread"]
    opened = page.load(handlers.start, [parts["address"]], view, js=_HASH_JS, **watch)
    ask = {**watch, "cancels": [opened]}  # the first page, still waiting for its examples, must not cover the answer
    asked = [
        parts["box"].submit(handlers.ask_typed, [parts["box"], thread], [parts["box"], *view], **ask),
        parts["send"].click(handlers.ask_typed, [parts["box"], thread], [parts["box"], *view], **ask),
        parts["log"].ask(handlers.ask_pressed, [thread], view, **ask),
    ]
    watching = [opened, *asked]
    switched = parts["threads"].open(handlers.open, None, view, cancels=watching, **watch)
    parts["new"].click(handlers.new, None, view, cancels=[*watching, switched], **quiet)
    parts["threads"].remove(handlers.remove, [thread], view, cancels=[*watching, switched], **quiet)
    parts["stop"].click(handlers.stop, [thread], None, **quiet)
    parts["log"].edit(handlers.edit, None, [parts["box"]], **quiet)
    parts["log"].rate(handlers.rate, None, None, **quiet)
    parts["header"].day(handlers.set_day, [thread], [parts["header"], parts["log"]], **quiet)
    _wire_upload(parts, handlers, quiet)
    page.unload(handlers.leave)


def _wire_upload(parts: dict[str, Any], handlers: Handlers, quiet: dict[str, Any]) -> None:
    slow = {**quiet, "concurrency_limit": 4, "concurrency_id": "load"}
    panel = [parts["panel"], parts["open_upload"]]
    clean = [parts["files"], parts["form"], parts["paths"], parts["preview"]]
    parts["open_upload"].click(handlers.open_upload, None, panel, **quiet)
    parts["close_upload"].click(handlers.close_upload, None, panel, **quiet)
    parts["files"].upload(handlers.preview, [parts["files"]], clean, **slow)
    parts["files"].clear(handlers.clear_upload, None, clean, **quiet)
    parts["form"].dismiss(handlers.clear_upload, None, clean, **quiet)
    parts["form"].confirm(
        handlers.load, [parts["paths"], parts["preview"], parts["thread"]],
        [parts["form"], *(parts[n] for n in ("thread", "log", "threads", "send", "stop", "header"))], **slow,
    )


def _formed(html: str, log: Any = None, header: Any = None) -> tuple[Any, ...]:
    """The form with these contents, and what else of the page changes."""
    kept = gr.skip()
    return ({"html": html}, kept, kept if log is None else log, kept, kept, kept, kept if header is None else header)


class Handlers:
    """What happens when something is pressed."""

    def __init__(
        self, conversations: Conversations, views: Views, desk: Desk, settings: Settings, texts: Texts
    ) -> None:
        self._conversations, self._views, self._settings, self._texts = conversations, views, settings, texts
        self._turns = Turns(conversations)
        self._desk, self._loading = desk, Loading(desk, texts)

    # every view is: thread, log, threads, send, stop, header

    async def _view(self, thread_id: str, live: LiveTurn | None = None) -> tuple[Any, ...]:
        conversation = await asyncio.to_thread(self._views.conversation, thread_id, live)
        listed = await asyncio.to_thread(self._views.threads, thread_id)
        return (thread_id, conversation, listed, *self._buttons(conversation["busy"]), await self._header())

    async def _header(self, note: str = "", *, refused: bool = False) -> dict[str, str]:
        """Data, day and brain as they are now: another page or process may have changed them."""
        return {"html": await asyncio.to_thread(self._views.header, note, refused=refused)}

    def _buttons(self, busy: bool) -> tuple[Any, Any]:
        return gr.update(visible=not busy), gr.update(visible=busy)

    async def _watch(self, turn: LiveTurn) -> AsyncIterator[tuple[Any, ...]]:
        """The view of a running turn, again whenever it changed, and once more when it is stored."""
        before = await asyncio.to_thread(self._views.finished, turn.thread_id)
        finished = [t for t in before if turn.answer is None or t["id"] != turn.answer.run_id]
        async for live in follow(turn):
            if live.done:
                break
            value = self._views.with_live(turn.thread_id, finished, live)
            yield turn.thread_id, value, gr.skip(), *self._buttons(True), gr.skip()
        value = self._views.with_live(turn.thread_id, finished, turn)
        listed = await asyncio.to_thread(self._views.threads, turn.thread_id)
        yield turn.thread_id, {**value, "busy": False}, listed, *self._buttons(False), await self._header()

    async def start(self, address: str) -> AsyncIterator[tuple[Any, ...]]:
        """The page was opened: the conversation that its address names, or a new one."""
        known = bool(address) and (
            self._turns.get(address) is not None or await asyncio.to_thread(self._views.known, address)
        )
        async for view in self._show(address if known else ""):
            yield view

    async def open(self, event: gr.EventData) -> AsyncIterator[tuple[Any, ...]]:
        async for view in self._show(str(event.thread)):
            yield view

    async def _show(self, thread_id: str) -> AsyncIterator[tuple[Any, ...]]:
        live = self._turns.get(thread_id) if thread_id else None
        yield await self._view(thread_id, live)
        if live is not None:
            async for view in self._watch(live):
                yield view

    async def new(self) -> tuple[Any, ...]:
        return await self._view("")

    async def remove(self, thread_id: str, event: gr.EventData) -> tuple[Any, ...]:
        """Delete a conversation; the one that is open is left only if it was the one."""
        removed = str(event.thread)
        self._turns.stop(removed)
        await asyncio.to_thread(self._conversations.delete, removed)
        kept = "" if thread_id == removed else thread_id
        return await self._view(kept, self._turns.get(kept) if kept else None)

    async def ask_typed(self, text: str, thread_id: str) -> AsyncIterator[tuple[Any, ...]]:
        if not text.strip():
            gr.Info(self._texts("errors.empty"))
            yield ("", *(gr.skip() for _ in range(VIEW_PARTS)))
            return
        accepted = False
        async for view in self._ask(text, thread_id):
            yield gr.skip() if accepted or view is None else "", *(view or (gr.skip() for _ in range(VIEW_PARTS)))
            accepted = True

    async def ask_pressed(self, thread_id: str, event: gr.EventData) -> AsyncIterator[tuple[Any, ...]]:
        """A follow-up, an example, an option or 'ask again' was pressed."""
        async for view in self._ask(str(event.text), thread_id):
            yield tuple(view or (gr.skip() for _ in range(VIEW_PARTS)))

    async def _ask(self, text: str, thread_id: str) -> AsyncIterator[tuple[Any, ...] | None]:
        """Begin a turn and watch it; None where it could not begin."""
        try:
            turn = self._turns.start(thread_id or new_thread_id(), text.strip())
        except TurnRunning:
            gr.Warning(self._texts("errors.busy"))
            yield None
            running = self._turns.get(thread_id)
            if running is not None:  # whoever watched it may have been the opening of the page
                async for view in self._watch(running):
                    yield view
            return
        except TooManyTurns:
            gr.Warning(self._texts("errors.full"))
            yield None
            return
        async for view in self._watch(turn):
            yield view

    async def stop(self, thread_id: str) -> None:
        self._turns.stop(thread_id)

    async def edit(self, event: gr.EventData) -> str:
        return str(event.text)

    async def rate(self, event: gr.EventData) -> None:
        comment = str(event.comment or "")[:2000]
        await asyncio.to_thread(self._conversations.rate, str(event.run), bool(event.good), comment)
        gr.Info(self._texts("turn.comment_thanks" if comment else "turn.rated"))

    async def set_day(self, thread_id: str, event: gr.EventData) -> AsyncIterator[tuple[Any, Any]]:
        """Another analysis date was chosen (empty: the default again); examples follow, answers stay as they were."""
        asked = str(event.day or "")
        try:
            day = date.fromisoformat(asked) if asked else None
        except ValueError:
            yield await self._header(self._texts("header.day_unreadable"), refused=True), gr.skip()
            return
        try:
            taken = await asyncio.to_thread(self._desk.set_as_of, day)
        except AssistantError as error:
            kept = self._texts("header.day_refused", problem=error.message.rstrip("."))
            yield await self._header(kept, refused=True), gr.skip()
            return
        key = "header.day_set" if day in (None, taken) else "header.day_latest"
        header = await self._header(self._texts(key, day=show(taken.isoformat(), "date")))
        yield header, gr.skip()
        yield header, await asyncio.to_thread(self._views.conversation, thread_id, self._turns.get(thread_id))

    async def open_upload(self) -> tuple[Any, Any]:
        return gr.update(visible=True), gr.update(visible=False)

    async def close_upload(self) -> tuple[Any, Any]:
        return gr.update(visible=False), gr.update(visible=True)

    async def clear_upload(self, request: gr.Request) -> tuple[Any, ...]:
        await asyncio.to_thread(drop_session, self._settings, str(request.session_hash))
        return None, {"html": ""}, [], None

    async def preview(self, uploaded: Sequence[str] | None, request: gr.Request) -> AsyncIterator[tuple[Any, ...]]:
        """Files were chosen: show what their columns are taken for."""
        yield gr.skip(), {"html": render_progress(self._texts, self._texts("upload.reading"), None)}, [], None
        try:
            paths = await asyncio.to_thread(
                take_files, self._settings, self._texts, str(request.session_hash), uploaded or []
            )
            if not paths:
                raise RejectedUpload(self._texts("upload.no_files"))
            preview = await self._loading.preview(paths)
        except (RejectedUpload, AssistantError) as error:
            yield None, {"html": render_problem(str(error))}, [], None
            return
        form = render_experiment(self._texts, preview) if preview.experiment else render_preview(self._texts, preview)
        yield None, {"html": form}, [str(p) for p in paths], preview

    async def load(
        self, paths: Sequence[str], preview: LoadPreview | None, thread_id: str, event: gr.EventData
    ) -> AsyncIterator[tuple[Any, ...]]:
        """The columns were confirmed: load, then show the new shop."""
        if preview is None or not paths:
            yield _formed(render_problem(self._texts("upload.no_files")))
            return
        mapping = {str(source): str(target) if target else None for source, target in dict(event.mapping).items()}
        if KIND in mapping:
            async for values in self._load_experiment(Path(paths[0]), preview, mapping, thread_id):
                yield values
            return
        wrong = check_mapping(self._texts, preview, mapping)
        if wrong:
            yield _formed(render_problem(wrong) + render_preview(self._texts, _remapped(preview, mapping)))
            return
        name, currency = str(event.shop or "").strip() or None, str(event.currency or "").strip().upper() or None
        async for html, summary in self._loading.load([Path(p) for p in paths], mapping, name, currency):
            if summary is None:
                yield _formed(html)
                continue
            await asyncio.to_thread(self._desk.set_as_of, None)  # a day of the old data means nothing in the new
            value = await asyncio.to_thread(self._views.conversation, thread_id, self._turns.get(thread_id))
            yield _formed(html, log=value, header=await self._header())

    async def _load_experiment(
        self, path: Path, preview: LoadPreview, mapping: dict[str, str | None], thread_id: str
    ) -> AsyncIterator[tuple[Any, ...]]:
        """The columns of an experiment were confirmed: keep its table, then read it out in the conversation."""
        if mapping.pop(KIND) != "experiment":
            yield _formed(render_preview(self._texts, preview))
            return
        said = chosen(self._texts, mapping)
        if isinstance(said, str):
            yield _formed(render_problem(said) + render_experiment(self._texts, preview))
            return
        try:
            name = await asyncio.to_thread(
                partial(self._desk.load_experiment, path, said.arm, said.outcomes, random=said.random))
        except AssistantError as error:
            yield _formed(render_problem(str(error)) + render_experiment(self._texts, preview))
            return
        done = {"html": tag("div", tag("strong", esc(self._texts("upload.experiment_done", name=name))),
                            class_="loaded", role="status")}
        async for view in self._ask(self._texts("upload.experiment_ask", name=name), thread_id):
            yield done, *(view or (gr.skip() for _ in range(VIEW_PARTS)))

    def leave(self, request: gr.Request) -> None:
        """The page was closed: its uploads go."""
        drop_session(self._settings, str(request.session_hash))


def _remapped(preview: LoadPreview, mapping: dict[str, str | None]) -> LoadPreview:
    """The preview with the person's choices, so that the form keeps them."""
    from dataclasses import replace

    columns = tuple(replace(c, target=mapping.get(c.source, c.target)) for c in preview.columns)
    return replace(preview, columns=columns)
