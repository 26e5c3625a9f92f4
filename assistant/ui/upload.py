"""Loading own data from the page: files → proposed columns → confirmed → loaded; old data stay until then."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import groupby
from pathlib import Path

from assistant.errors import AssistantError
from assistant.plans.desk import ColumnProposal, Desk, LoadPreview, LoadSummary
from assistant.results.format import SYMBOLS, show
from assistant.settings import Settings
from assistant.ui.markup import esc, tag
from assistant.ui.texts import Texts

log = logging.getLogger(__name__)

SURE, PROBABLE = 0.85, 0.55
MAX_COLUMNS = 200
TICK = 0.1
#: tables in the order of the choices
TABLES = ("order_lines", "orders", "customers", "products", "contacts", "campaigns", "touches", "responses",
          "events")
#: what can be done without, but is often there under a name that was not recognised
WANTED = ("order_lines.order_id", "order_lines.customer_id")


class RejectedUpload(Exception):
    """The upload cannot be used; the message is one line for the person."""


def session_folder(settings: Settings, session: str) -> Path:
    """The folder of one page's uploads."""
    safe = "".join(c for c in session if c.isalnum()) or "none"
    return settings.uploads_dir / f"session-{safe}"


def drop_session(settings: Settings, session: str) -> None:
    """Delete what a page uploaded."""
    shutil.rmtree(session_folder(settings, session), ignore_errors=True)


def take_files(settings: Settings, texts: Texts, session: str, uploaded: Sequence[str | Path]) -> list[Path]:
    """Move uploaded files into the session's own folder.

    Raises:
        RejectedUpload: a file is over the limit.
    """
    limit = settings.max_upload_mb * 1024 * 1024
    for path in map(Path, uploaded):
        if path.stat().st_size > limit:
            raise RejectedUpload(texts("upload.too_large", name=path.name, limit=settings.max_upload_mb))
    drop_session(settings, session)
    folder = session_folder(settings, session)
    folder.mkdir(parents=True, exist_ok=True)
    moved = []
    for path in map(Path, uploaded):
        target = folder / path.name
        shutil.move(path, target)
        moved.append(target)
    return moved


def check_mapping(texts: Texts, preview: LoadPreview, mapping: Mapping[str, str | None]) -> str | None:
    """What is wrong with a confirmed mapping, in one line, or None."""
    used = Counter(target for target in mapping.values() if target)
    twice = next((target for target, n in used.items() if n > 1), None)
    if twice:
        sources = ", ".join(source for source, target in mapping.items() if target == twice)
        return texts("upload.same_target", target=column_label(twice), sources=sources)
    missing = [m for m in preview.missing if m not in used]
    if missing:
        return texts("upload.needed", columns=", ".join(column_label(m) for m in missing))
    return None


def column_label(target: str) -> str:
    """``order_lines.unit_price`` → ``unit price (order lines)``."""
    table, _, column = target.rpartition(".")
    words = column.replace("_", " ")
    return f"{words} ({table.replace('_', ' ')})" if table else words


def render_preview(texts: Texts, preview: LoadPreview) -> str:
    """The form that shows what each column is taken for."""
    lead = texts("upload.columns_lead", rows=f"{preview.rows:,}")
    if preview.preset:
        lead = f"{texts('upload.preset', preset=preview.preset)}. {lead}"
    used = {c.target for c in preview.columns if c.target}
    targets = sorted({*preview.targets, *preview.missing, *used}, key=_target_order)
    head = "".join(tag("th", esc(texts(f"upload.column_{part}")), scope="col")
                   for part in ("source", "target", "sure", "examples"))
    rows = "".join(_row(texts, column, targets) for column in preview.columns[:MAX_COLUMNS])
    grid = tag("div", tag("table", tag("thead", tag("tr", head)) + tag("tbody", rows)), class_="scroll", tabindex="0",
               role="region", aria_label=texts("upload.columns_title"))
    problems = [texts("upload.missing", column=column_label(m)) for m in preview.missing]
    problems += [texts("upload.wanted", column=column_label(w)) for w in WANTED
                 if w in preview.targets and w not in used and w not in preview.missing]
    problems += preview.warnings
    items = tag("ul", "".join(tag("li", esc(p)) for p in problems))
    listed = tag("div", tag("h4", esc(texts("upload.problems"))) + items, class_="caveats") if problems else ""
    buttons = (tag("button", esc(texts("upload.confirm")), type="submit", class_="go")
               + tag("button", esc(texts("upload.cancel")), type="button", class_="plain", data_cancel=True))
    kept = tag("p", esc(texts("upload.kept")), class_="note")
    return tag("form", tag("h3", esc(texts("upload.columns_title"))) + tag("p", esc(lead)) + grid + listed
               + _shop_fields(texts) + kept + tag("div", buttons, class_="row"), class_="mapping")


def _target_order(target: str) -> tuple[int, str, str]:
    """Tables in the order a person would look for them, then columns by name."""
    table, _, column = target.rpartition(".")
    return (TABLES.index(table) if table in TABLES else len(TABLES), table, column)


def _shop_fields(texts: Texts) -> str:
    """What files often do not say: the shop's name and its currency."""
    name = tag("label", esc(texts("upload.shop_name")) + tag("input", "", name_="shop", type="text", maxlength="80"))
    known = "".join(tag("option", "", value=code) for code in SYMBOLS)
    code = tag("input", "", name_="currency", type="text", maxlength="3", size="5", list="currencies",
               placeholder=texts("upload.currency_unknown"), pattern="[A-Za-z]{3}")
    money = tag("label", esc(texts("upload.currency")) + code) + tag("datalist", known, id="currencies")
    return tag("div", name + money, class_="fields")


def _row(texts: Texts, column: ColumnProposal, targets: Sequence[str]) -> str:
    options = tag("option", esc(texts("upload.leave_out")), value="", selected=column.target is None)
    for table, group in groupby(targets, key=lambda t: t.rpartition(".")[0]):
        choices = "".join(tag("option", esc(column_label(t)), value=t, selected=t == column.target) for t in group)
        options += tag("optgroup", choices, label=table.replace("_", " ")) if table else choices
    chooser = tag("select", options, data_source=column.source,
                  aria_label=f"{texts('upload.column_target')}: {column.source}")
    level = "none" if column.target is None else (
        "high" if column.confidence >= SURE else "medium" if column.confidence >= PROBABLE else "low")
    sure = tag("span", esc(texts(f"upload.sure_{level}")), class_=f"sure-{level}", title=column.reason)
    examples = " · ".join(column.examples[:3])  # not a comma: it may be a decimal sign
    return tag("tr", tag("th", esc(column.source), scope="row") + tag("td", chooser) + tag("td", sure)
               + tag("td", esc(examples[:120]), class_="examples"))


def render_progress(texts: Texts, phrase: str, share: float | None) -> str:
    """A progress bar with its phrase."""
    percent = None if share is None else round(max(0.0, min(1.0, share)) * 100)
    bar = tag("progress", "", max="100", value=percent, aria_label=texts("upload.loading"))
    return tag("div", bar + tag("span", esc(phrase or texts("upload.loading"))), class_="loading", role="status")


def render_problem(line: str, more: str = "") -> str:
    """One clear line, said at once by screen readers."""
    return tag("div", tag("strong", esc(line)) + (tag("p", esc(more)) if more else ""), class_="problem", role="alert")


def render_summary(texts: Texts, summary: LoadSummary) -> str:
    """What a load did, with every exclusion and its count."""
    title = texts("upload.done", source=summary.source, first=show(summary.first_day, "date"),
                  last=show(summary.last_day, "date"))
    left_out = [texts("upload.excluded_line", count=f"{count:,}", reason=reason)
                for _, reason, count in summary.exclusions if count]
    steps = [f"{name}: {count:,}" for name, count in summary.steps]
    parts = [tag("strong", esc(title))]
    for heading, lines in (("upload.excluded", left_out), ("card.caveats", list(summary.warnings)),
                           ("upload.steps", steps)):
        if lines:
            items = tag("ul", "".join(tag("li", esc(line)) for line in lines))
            parts.append(tag("details", tag("summary", esc(texts(heading))) + items, open=heading != "upload.steps"))
    return tag("div", "".join(parts), class_="loaded", role="status")


class Loading:
    """Loads on one worker thread, one file set at a time, and tells how far it is."""

    def __init__(self, desk: Desk, texts: Texts) -> None:
        self._desk, self._texts = desk, texts
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="load")

    async def preview(self, paths: Sequence[Path]) -> LoadPreview:
        """Raises what the desk raises."""
        return await asyncio.wrap_future(self._pool.submit(self._desk.preview_load, list(paths)))

    async def load(
        self, paths: Sequence[Path], mapping: Mapping[str, str | None], name: str | None = None,
        currency: str | None = None,
    ) -> AsyncIterator[tuple[str, LoadSummary | None]]:
        """Yield HTML of the progress, at last the outcome; the summary comes with the outcome of a success."""
        state: list[tuple[str, float | None]] = [("", None)]

        def progress(phrase: str, share: float | None) -> None:
            state[0] = (phrase, share)

        future: Future[LoadSummary] = self._pool.submit(
            self._desk.load, list(paths), dict(mapping), progress, name=name, currency=currency
        )
        shown = None
        while not future.done():
            if state[0] != shown:
                shown = state[0]
                yield render_progress(self._texts, *shown), None
            await asyncio.sleep(TICK)
        error = future.exception()
        if error is None:
            summary = future.result()
            yield render_summary(self._texts, summary), summary
        elif isinstance(error, AssistantError):
            yield render_problem(str(error), self._texts("upload.failed")), None
        else:
            log.error("loading broke", exc_info=error)
            yield render_problem(self._texts("upload.broke"), self._texts("upload.failed")), None
