"""The program: chat, terminal answers, loading, status. The only file that knows both tools and agent."""

from __future__ import annotations

import gc
import importlib
import json
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.errors import AssistantError, SettingsError
from assistant.settings import Settings, load_settings, version
from assistant.terminal import audit, campaign, show_result

if TYPE_CHECKING:
    from assistant.agent.session import Session
    from assistant.results import Answer
    from assistant.workspace import Workspace

cli = typer.Typer(
    name="marketing-assistant", help="A marketing assistant whose every number can be traced.",
    add_completion=False, no_args_is_help=False, pretty_exceptions_enable=False, rich_markup_mode=None,
)
cli.add_typer(campaign)
cli.add_typer(audit)
Home = Annotated[Path | None, typer.Option("--home", help="State folder (default: ASSISTANT_HOME, else ./var).")]
AsOf = Annotated[str | None, typer.Option("--as-of", help="Analysis date YYYY-MM-DD (default: last day of the data).")]

#: no part may look for a hub or report usage
OFFLINE = {"HF_HUB_OFFLINE": "1", "ANONYMIZED_TELEMETRY": "False", "GRADIO_ANALYTICS_ENABLED": "False",
           "TOKENIZERS_PARALLELISM": "false", "LANGSMITH_TRACING": "false", "LANGCHAIN_TRACING_V2": "false"}
#: exit codes beside 0 (answered or asked back) and 2 (wrong usage)
FAILED, REFUSED = 1, 3
#: how many objects are made before Python looks for circles of unused ones: a start makes millions that stay
COLLECT_AFTER = (100_000, 20, 100)


def compose(settings: Settings, *, remember: bool = True, progress: Any = None) -> tuple[Workspace, Session]:
    """Put workspace, tools, brain and agent together for the current data (the demo shop if none is loaded)."""
    from assistant.agent.session import Session
    from assistant.llm.factory import PLANNER, choose_brain
    from assistant.workspace import Workspace
    from tools.adapter import build_tools

    workspace = Workspace(settings)
    workspace.ensure_data(progress)
    model, brain = choose_brain(settings, workspace)
    tools = build_tools(workspace, described=brain.name != PLANNER)  # the planner knows its tools
    session = Session(model, brain, tools, workspace, settings, remember=remember)
    workspace.suggestion_works = session.works
    return workspace, session


def warm_up(workspace: Workspace) -> None:
    """Fit what the first questions need while the person is still reading the page."""
    from assistant.llm.planner.likened import warm_questions

    try:
        warm_questions(workspace)
        workspace.warm_up()
    except AssistantError as error:  # the question that needs it will say the same to the person
        logging.getLogger(__name__).warning("warm-up stopped: %s", error)


@cli.callback(invoke_without_command=True)
def main_command(
    context: typer.Context,
    home: Home = None,
    port: Annotated[int | None, typer.Option(help="Port of the chat (default 7860).")] = None,
    open_browser: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in a browser.")] = False,
    show_version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    """Without a command: serve the chat."""
    if show_version:
        typer.echo(f"marketing-assistant {version()}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        serve(home=home, port=port, open_browser=open_browser)


@cli.command()
def serve(
    home: Home = None,
    port: Annotated[int | None, typer.Option(help="Port of the chat (default 7860).")] = None,
    open_browser: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in a browser.")] = False,
) -> None:
    """Serve the chat on http://127.0.0.1:7860."""
    from assistant.ui.server import check_port, create_app, run_server

    settings = _settings(home, **({"port": port} if port else {}))
    check_port(settings)
    with _progress() as progress:
        workspace, session = compose(settings, progress=progress)
    with suppress(ImportError):  # scikit-learn looks for it among the loaded modules, also while a thread is loading it
        importlib.import_module("polars")
    threading.Thread(target=warm_up, args=(workspace,), name="warm-up", daemon=True).start()
    run_server(create_app(session, workspace, workspace, settings), settings, open_browser=open_browser)


@cli.command()
def ask(
    question: Annotated[str | None, typer.Argument(help="The question, in quotes.")] = None,
    file: Annotated[Path | None, typer.Option("--file", help='Lines {"turns": ["…", …]} or {"prompt": "…"}.')] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole answer as JSON.")] = False,
    home: Home = None,
    as_of: AsOf = None,
) -> None:
    """Answer in the terminal. Exit code 0 answered or asked back, 3 refused, 1 failed."""
    if (question is None) == (file is None):
        raise typer.BadParameter("give either a question or --file")
    settings = _settings(home, **_as_of(as_of))
    conversations = _read_conversations(file) if file else [{"id": "1", "turns": [question]}]
    with _progress() as progress:
        _, session = compose(settings, remember=False, progress=progress)
    worst = 0
    for number, conversation in enumerate(conversations):
        answers = [session.answer(f"ask-{number}", turn) for turn in conversation["turns"]]
        session.delete(f"ask-{number}")
        _print_answers(conversation["id"], answers, as_json=as_json, batch=file is not None)
        worst = max(worst, *(_rank(a) for a in answers))
    raise typer.Exit({0: 0, 1: REFUSED if file is None else 0, 2: FAILED}[worst])


@cli.command()
def load(
    paths: Annotated[list[str], typer.Argument(help="Files, folders or one database URL.")],
    preset: Annotated[str | None, typer.Option(help="Known layout, e.g. online_retail, shopify_orders.")] = None,
    mapping: Annotated[Path | None, typer.Option(help='JSON file {"source column": "table.column" or null}.')] = None,
    currency: Annotated[str | None, typer.Option(help="Currency code of the amounts, e.g. GBP.")] = None,
    name: Annotated[str | None, typer.Option(help="Name of the shop.")] = None,
    preview: Annotated[bool, typer.Option("--preview", help="Show the proposed columns and stop.")] = False,
    prepare: Annotated[bool, typer.Option(
        "--prepare/--no-prepare", help="Try the recommenders on the new data now, not at the first question.",
    )] = True,
    home: Home = None,
) -> None:
    """Load orders from files or a database. The previous data stay until the new are whole."""
    from assistant.data import load as loading
    from assistant.workspace import Workspace

    settings = _settings(home)
    if not all(p.strip() for p in paths):
        raise typer.BadParameter("a path is empty")
    sources = [p if "://" in p else Path(p) for p in paths]
    if preview:
        _print_preview(loading.preview_load(sources, settings, preset=preset))
        return
    corrected = _read_mapping(mapping)
    with _progress() as progress:
        summary = loading.load(
            sources, settings, mapping=corrected, preset=preset, name=name, currency=currency, progress=progress
        )
    workspace = Workspace(settings)
    unrecorded = workspace.record_segment_sizes()
    typer.echo(f"Loaded {summary.source}: {summary.first_day} to {summary.last_day} (snapshot {summary.snapshot})")
    for step, rows in summary.steps:
        typer.echo(f"  {rows:>12,}  {step}")
    for rule, reason, count in summary.exclusions:
        typer.echo(f"  {count:>12,}  {rule}: {reason}")
    for warning in (*summary.warnings, *unrecorded):
        typer.echo(f"  ! {warning}")
    if prepare:
        started = time.monotonic()
        with _progress() as progress:
            progress("trying the recommenders on the last weeks", None)
            hindered = workspace.choose_recommenders()
        for warning in hindered:
            typer.echo(f"  ! {warning}")
        if not hindered:
            typer.echo(f"Chose the recommenders for these data in {time.monotonic() - started:.0f} s")


@cli.command()
def table(
    path: Annotated[Path, typer.Argument(help="CSV, Excel or Parquet file, one row per customer or contract.")],
    outcome: Annotated[str | None, typer.Option(help="Column that says yes or no (default: found).")] = None,
    row_id: Annotated[str | None, typer.Option("--id", help="Column that names a row (default: found).")] = None,
    name: Annotated[str | None, typer.Option(help="How to call the table (default: the file's name).")] = None,
    home: Home = None,
) -> None:
    """Add a table with a yes/no outcome, to ask who is likely to have it. The orders stay as they are."""
    from assistant.workspace import Workspace

    added = Workspace(_settings(home)).add_outcome_table(path, name, outcome, row_id)
    named = f"rows named by {added.row_id}" if added.row_id else "rows numbered from 1"
    outcome_is = f"outcome {added.outcome} = {added.happened}"
    typer.echo(f"Added the table {added.name}: {added.rows:,} rows, {outcome_is}, {named}")
    typer.echo(f"Ask for example: Who is likely to churn in the {added.name} table?")


@cli.command()
def experiment(
    path: Annotated[Path, typer.Argument(help="CSV, Excel or Parquet file, one row per customer.")],
    arm: Annotated[str | None, typer.Option(help="Column that names the arm (default: found).")] = None,
    control: Annotated[str | None, typer.Option(help="Arm that got nothing (default: found; else every pair).")] = None,
    outcome: Annotated[list[str] | None, typer.Option(help="Column to read out; may be given again.")] = None,
    by: Annotated[str | None, typer.Option(help="Column to split the read-out by.")] = None,
    name: Annotated[str | None, typer.Option(help="How to call the experiment (default: the file's name).")] = None,
    not_random: Annotated[bool, typer.Option("--not-random", help="The arms were not drawn by lot.")] = False,
    home: Home = None,
) -> None:
    """Add a table of an experiment and read it out: difference of the arms with intervals, verdict, arm sizes."""
    from assistant.llm.replies import caveat_texts, compose
    from assistant.plans.experiments import ExperimentRequest
    from assistant.workspace import Workspace

    workspace = Workspace(_settings(home))
    added = workspace.add_experiment(path, name, arm, control, outcome or [], random=not not_random)
    result = workspace.read_experiment(ExperimentRequest(table=added.name, by=by))
    typer.echo(compose([result]).text.strip())
    for caveat in caveat_texts(result):
        typer.echo(f"! {caveat.text}")
    show_result(result)
    typer.echo(f"\nAsk for example: Read out the experiment {added.name}")


@cli.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False, home: Home = None
) -> None:
    """Versions, paths, data snapshot, and which brain answers."""
    from assistant.llm.factory import choose_brain
    from assistant.workspace import Workspace

    settings = _settings(home)
    facts: dict[str, Any] = {"version": version(), "python": sys.version.split()[0], "home": str(settings.home)}
    workspace = Workspace(settings)
    if workspace.has_data():
        shop = workspace.status()
        facts["data"] = {
            "shop": shop.name, "source": shop.source, "snapshot": shop.snapshot, "synthetic": shop.synthetic,
            "currency": shop.currency, "first_day": str(shop.first_day), "last_day": str(shop.last_day),
            "as_of": str(shop.as_of), "rows": shop.rows,
        }
        _, brain = choose_brain(settings, workspace)
        facts["brain"] = {"name": brain.name, "kind": brain.kind, "reason": brain.reason,
                          "change": brain.how_to_change}
    else:
        facts["data"] = None
    if as_json:
        typer.echo(json.dumps(facts, indent=1, ensure_ascii=False))
        return
    for key, value in facts.items():
        if isinstance(value, dict):
            typer.echo(f"{key}:")
            for name, part in value.items():
                typer.echo(f"  {name}: {part}")
        else:
            typer.echo(f"{key}: {value or 'nothing loaded yet (the demo shop is built on first start)'}")


@cli.command()
def export(
    campaign_id: Annotated[str, typer.Argument(help="Id of a campaign draft.")], home: Home = None
) -> None:
    """Write a campaign draft's recipients as CSV below the state folder. Nothing is sent."""
    from assistant.workspace import Workspace

    typer.echo(str(Workspace(_settings(home)).export_campaign(campaign_id)))


def _settings(home: Path | None, **overrides: Any) -> Settings:
    settings = load_settings(home, **overrides)
    _configure_log(settings)
    return settings


def _configure_log(settings: Settings) -> None:
    """Details go to the log file; the terminal gets one clear line."""
    handler: logging.Handler
    try:
        settings.log_path.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.FileHandler(settings.log_path, encoding="utf-8")
    except OSError:
        handler = logging.StreamHandler()
        handler.setLevel(logging.ERROR)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=settings.log_level, handlers=[handler], force=True)
    logging.raiseExceptions = False  # a log that cannot be written (full disk) must not spill over the terminal


def _last_words(kind: type[BaseException], error: BaseException, trace: Any) -> None:
    """One line for the person about what nobody expected, everything in the log; the program ends with FAILED."""
    logging.getLogger(__name__).critical("unexpected", exc_info=(kind, error, trace))
    files = [h.baseFilename for h in logging.getLogger().handlers if isinstance(h, logging.FileHandler)]
    place = files[0] if files else "the lines above"
    sys.stderr.write(f"Error: something went wrong on our side ({kind.__name__}); nothing was changed. "
                     f"The details are in {place}.\n")


def _as_of(text: str | None) -> dict[str, str]:
    if text is None:
        return {}
    try:
        return {"as_of": date.fromisoformat(text).isoformat()}
    except ValueError as error:
        raise SettingsError("--as-of must be a date", received=text, valid=["YYYY-MM-DD"]) from error


def _read_conversations(file: Path) -> list[dict[str, Any]]:
    conversations = []
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError("The file cannot be read", received=file, hint=str(error)) from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
            entry = {"turns": [entry]} if isinstance(entry, str) else entry
            single = next((entry[key] for key in ("prompt", "question", "text") if key in entry), None)
            turns = entry["turns"] if single is None else [single]
            if not turns or not all(isinstance(t, str) for t in turns):
                raise ValueError("turns must be a list of texts")
            conversations.append({"id": str(entry.get("id", number)), "turns": turns})
        except (ValueError, KeyError, TypeError) as error:
            raise SettingsError(
                f"Line {number} of {file.name} is not a conversation", received=line[:80],
                valid=['{"id": "…", "turns": ["…", "…"]}', '{"prompt": "…"}', '"…"'],
            ) from error
    return conversations


def _read_mapping(path: Path | None) -> dict[str, str | None] | None:
    if path is None:
        return None
    try:
        mapping = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError("The mapping file cannot be read as JSON", received=path) from error
    if not isinstance(mapping, dict):
        raise SettingsError("The mapping must be a JSON object", received=type(mapping).__name__)
    return mapping


def _print_preview(preview: Any) -> None:
    from assistant.data.counts import number_of

    typer.echo(number_of(preview.rows, "row") + (f", layout {preview.preset}" if preview.preset else ""))
    for column in preview.columns:
        typer.echo(f"  {column.source} → {column.target or '(ignored)'}  [{column.confidence:.0%}] {column.reason}")
    for missing in preview.missing:
        typer.echo(f"  missing: {missing}")
    for warning in preview.warnings:
        typer.echo(f"  ! {warning}")


def answer_json(answer: Answer) -> dict[str, Any]:
    """An answer as printed by ``--json``: tables name the result they belong to, results are not repeated."""
    body = answer.model_dump(mode="json", exclude={"results", "tables"})
    body["tables"] = [
        {"result": index, **table.model_dump(mode="json")}
        for index, result in enumerate(answer.results) for table in result.tables
    ]
    body["charts"] = [chart.model_dump(mode="json") for result in answer.results for chart in result.charts]
    body["evidence"] = [result.evidence.model_dump(mode="json") for result in answer.results]
    return body


def _print_answers(conversation: str, answers: list[Answer], *, as_json: bool, batch: bool) -> None:
    if as_json and batch:
        typer.echo(json.dumps({"id": conversation, "turns": [answer_json(a) for a in answers]}, ensure_ascii=False))
    elif as_json:
        typer.echo(json.dumps(answer_json(answers[0]), ensure_ascii=False, indent=1))
    else:
        for answer in answers:
            if batch:
                typer.echo(f"[{conversation}] {answer.question}")
            _print_answer(answer)


def _print_answer(answer: Answer) -> None:
    typer.echo(answer.reply)
    for caveat in answer.caveats:
        typer.echo(f"  ! {caveat}")
    for assumption in answer.assumptions:
        typer.echo(f"  Assumed: {assumption}")
    typer.echo("")


def _rank(answer: Answer) -> int:
    return {"answered": 0, "asked": 0, "refused": 1, "failed": 2}[answer.outcome]


@contextmanager
def _progress() -> Iterator[Callable[[str, float | None], None]]:
    """Progress bars on the terminal's error stream; silent where nobody looks at it."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        task = bars.add_task("starting", total=None)

        def report(phrase: str, share: float | None) -> None:
            bars.update(task, description=phrase, total=1.0 if share is not None else None, completed=share or 0.0)

        yield report


def main() -> None:
    """Entry point. Expected errors are one line on the error stream."""
    for name, value in OFFLINE.items():
        os.environ.setdefault(name, value)
    gc.set_threshold(*COLLECT_AFTER)
    sys.excepthook = _last_words
    logging.basicConfig(handlers=[logging.NullHandler()])  # until the state folder, and so the log file, is known
    try:
        cli(standalone_mode=True)
    except AssistantError as error:
        logging.getLogger(__name__).warning("%s", error, exc_info=True)
        typer.echo(f"Error: {error}", err=True)
        sys.exit(FAILED)
    except KeyboardInterrupt:
        typer.echo("Interrupted; nothing was changed.", err=True)
        sys.exit(130)


if __name__ == "__main__":
    main()
