"""Commands of the terminal for campaigns on their way out: the place, beside the card, where a person approves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from assistant.errors import InvalidPlan
from assistant.plans.sending import DryRunRequest, ExportRequest, SendingRequest, StopRequest, Target
from assistant.settings import load_settings

if TYPE_CHECKING:
    from assistant.campaigns.sending.desk import SendingDesk
    from assistant.results import Result

campaign = typer.Typer(name="campaign", help="Look at, approve, send and stop campaigns.", no_args_is_help=True)
audit = typer.Typer(name="audit", help="The log of approvals and sendings.", no_args_is_help=True)

Home = Annotated[Path | None, typer.Option("--home", help="State folder (default: ASSISTANT_HOME, else ./var).")]
Id = Annotated[str | None, typer.Argument(help="Id of a campaign, such as c-1 (default: the latest draft).")]
Run = Annotated[str, typer.Argument(help="Digest of a dry run, or its first eight letters or more.")]


def _desk(home: Path | None) -> SendingDesk:
    from assistant.workspace import Workspace

    return Workspace(load_settings(home)).sendings


def show_result(result: Result) -> None:
    from assistant.results.format import show

    for figure in result.figures.values():
        typer.echo(f"{figure.label}: {show(figure.value, figure.unit, result.currency)}")
    for table in result.tables:
        typer.echo(f"\n{table.title}")
        for row in table.rows:
            typer.echo("  " + " | ".join(show(v, c.unit, result.currency) for v, c in zip(row, table.columns,
                                                                                         strict=True)))


@campaign.command("dry-run")
def dry_run(campaign_id: Id = None, home: Home = None) -> None:
    """Show who would get what at which cost, and the digest that an approval is bound to. Nothing is sent."""
    result = _desk(home).dry_run(DryRunRequest(campaign_id=campaign_id))
    show_result(result)
    for message in result.details["copy"]:
        typer.echo(f"\n[{message['channel']}] {message['subject']}\n{message['body']}")
    typer.echo(f"\nState: {result.details['state']}\nDigest: {result.details['digest']}")


@campaign.command("messages")
def messages(campaign_id: Id = None, home: Home = None) -> None:
    """Write what every recipient of a draft would read to a file, without addresses. Nothing is sent."""
    from rich.console import Console
    from rich.progress import Progress as Bars

    from assistant.workspace import Workspace

    console = Console(stderr=True)
    with Bars(console=console, transient=True, disable=not console.is_terminal) as bars:
        task = bars.add_task("writing", total=1.0)
        path, count = Workspace(load_settings(home)).write_messages(
            campaign_id, lambda phrase, share: bars.update(task, description=phrase, completed=share or 0.0))
    typer.echo(f"{count:,} messages are in {path}; nothing has been sent")


@campaign.command("approve")
def approve(
    digest: Run, messages: Annotated[str | None, typer.Option(help="The number of messages, where there are many.")]
    = None, home: Home = None,
) -> None:
    """Approve exactly the dry run with this digest. Nothing leaves by it yet."""
    run = _desk(home).decide(digest, approve=True, via="terminal", typed=messages)
    typer.echo(f"{run.campaign_id}, run {run.digest[:12]}: {run.state} by {run.approved_by}; nothing has left yet")


@campaign.command("reject")
def reject(digest: Run, home: Home = None) -> None:
    """Reject a dry run, or take back an approval that has not been used."""
    run = _desk(home).decide(digest, approve=False, via="terminal")
    typer.echo(f"{run.campaign_id}, run {run.digest[:12]}: {run.state}")


@campaign.command("start")
def start(digest: Run, home: Home = None) -> None:
    """Put an approved run into the outbox. ``campaign send`` lets it leave."""
    typer.echo(f"{_desk(home).begin(digest):,} messages are queued; nothing has left yet")


@campaign.command("send")
def send(most: Annotated[int | None, typer.Option(help="End after so many messages.")] = None,
         home: Home = None) -> None:
    """Send what is queued and may leave now; run it again (or from a timer) for what waits for the morning."""
    done = _desk(home).send(most)
    typer.echo(", ".join(f"{n:,} {what}" for what, n in done.outcomes.items()) or "nothing may leave now")
    if done.recovered:
        typer.echo(f"! {done.recovered} were being sent when the program ended; nobody knows whether they left")
    if done.broke_off:
        typer.echo(f"! broke off: {done.broke_off}")


@campaign.command("test")
def test(campaign_id: Id = None, home: Home = None) -> None:
    """Send the first message to the seed addresses of sending.toml, and to nobody else."""
    for address, outcome in _desk(home).test(campaign_id):
        typer.echo(f"{address}: {outcome}")


@campaign.command("status")
def status(campaign_id: Id = None, home: Home = None) -> None:
    """Messages by state, and those of which nobody knows whether they left."""
    show_result(_desk(home).state(SendingRequest(campaign_id=campaign_id, about="unknown")))


@campaign.command("stop")
def stop(campaign_id: Id = None, undo: Annotated[bool, typer.Option("--undo", help="Take back what has not left.")]
         = False, home: Home = None) -> None:
    """Stop a campaign, or every sending where none is named."""
    name, back, _ = _desk(home).stop(StopRequest(campaign_id=campaign_id, undo=undo))
    typer.echo(("every sending" if name == "*" else name) + " is stopped"
               + ("" if back is None else f"; {back:,} messages were taken back"))


@campaign.command("resume")
def resume(campaign_id: Annotated[str, typer.Argument(help="Id of a campaign, or '*' for a stop of everything.")],
           home: Home = None) -> None:
    """Take a stop back."""
    _desk(home).resume(campaign_id)
    typer.echo(f"{campaign_id} may leave again")


@campaign.command("repeat")
def repeat(home: Home = None) -> None:
    """Re-evaluate campaigns that were approved to repeat, within their limits (for a timer)."""
    for done in _desk(home).repeat() or []:
        typer.echo(f"{done.campaign_id}: {done.queued:,} queued" + (f" ({done.why})" if done.why else ""))


@campaign.command("settle")
def settle(row: Annotated[int, typer.Argument(help="Row of an unknown message.")],
           outcome: Annotated[str, typer.Argument(help="'sent' or 'failed', as the receiver's own log says.")],
           home: Home = None) -> None:
    """Note what became of an unknown message. It is never sent again either way."""
    if outcome not in {"sent", "failed"}:
        raise InvalidPlan("An unknown message was either sent or it failed", received=outcome, valid=("sent", "failed"))
    typer.echo("noted" if _desk(home).settle(row, outcome == "sent") else "no unknown message has this row")


@campaign.command("unsubscribe")
def unsubscribe(token: Annotated[str, typer.Argument(help="Token of an unsubscribe link.")],
                home: Home = None) -> None:
    """Carry out an unsubscribe link."""
    _, channel = _desk(home).unsubscribe(token)
    typer.echo(f"unsubscribed from {channel}")


@campaign.command("intake")
def intake(path: Annotated[Path, typer.Argument(help="A mail (.eml), an mbox file or a Maildir folder.")],
           home: Home = None) -> None:
    """Read bounces, complaints and answers that came back by mail, and suppress who must not be written to again."""
    from assistant.campaigns.sending.returned import notices_in

    done = _desk(home).take_in(list(notices_in(path)), "returned mail")
    typer.echo(", ".join(f"{n:,} {what.replace('_', ' ')}" for what, n in done.items()))


@campaign.command("export")
def export(campaign_id: Id = None, target: Annotated[str, typer.Option("--for", help=", ".join(get_args(Target)))]
           = "csv", home: Home = None) -> None:
    """Write a file of a campaign; one with addresses needs an approval."""
    if target not in get_args(Target):
        raise InvalidPlan("There is no such export", received=target, valid=get_args(Target))
    _, written = _desk(home).export(ExportRequest(campaign_id=campaign_id, target=target))  # type: ignore[arg-type]
    for each in written:
        typer.echo(str(each) if isinstance(each, Path) else f"{each.path} ({each.rows:,} rows)")


@audit.command("verify")
def verify(head: Annotated[str | None, typer.Option(help="Hash noted earlier; shows whether the end was cut off.")]
           = None, home: Home = None) -> None:
    """Compute the chain of the log again. Exit code 1 where it does not hold."""
    found = _desk(home).verify(head)
    if found.whole:
        typer.echo(f"whole: {found.entries:,} entries, head {found.head}")
        return
    where = f" at entry {found.broken_at}" if found.broken_at else ""
    typer.echo(f"NOT whole{where}: {found.why}")
    raise typer.Exit(1)


@audit.command("show")
def show_log(home: Home = None) -> None:
    """The latest entries of the log."""
    show_result(_desk(home).state(SendingRequest(about="audit")))
