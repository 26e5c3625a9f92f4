"""The read-out of a campaign of one's own, as a result of kind ``own_experiment``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from assistant.campaigns.experiment.arms import arms_of, compare_arms
from assistant.campaigns.experiment.balance import MISMATCH_BELOW, ratio_p_value
from assistant.campaigns.experiment.looks import Look, decided, looks_of
from assistant.campaigns.experiment.own import (
    OwnCases,
    outcomes,
    own_cases,
    own_runs,
    wave_id,
    with_own,
    written_although_held,
)
from assistant.campaigns.experiment.pooled import effects_of_runs
from assistant.campaigns.experiment.run_rows import TOO_FEW, WAITING, runs_table
from assistant.campaigns.experiment.seal import CONTACTED, HELD, Sealed
from assistant.campaigns.experiment.size import minimum_detectable_lift
from assistant.errors import InvalidPlan, MissingData
from assistant.models.uplift.effects import Effects
from assistant.plans.experiments import ExperimentRequest
from assistant.plans.reword import reword
from assistant.plans.reword_uplift import SPLIT_WORDS
from assistant.results import Caveat, Chart, Column, DefinitionUsed, Evidence, Figure, Result, Source, Table
from assistant.results.result import Scalar, Unit

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from assistant.data.warehouse import Snapshot

_VERDICTS = {"gain": "gain", "loss": "loss", "not_shown": "not shown", "waiting": WAITING, "too_few": TOO_FEW,
             "better": "better", "worse": "worse"}

_POOLED = (
    "The campaign ran more than once. Each run has its own draw and window; arms are compared within each run, and the "
    "differences pooled by the size of both arms (Mantel-Haenszel).",
    "A person counts once, in the run that took them first, so nobody is counted twice and no variance is clustered.",
    "The verdict is that of all runs together, due when the latest run is; a run's own row is read when its window is "
    "over, with intervals that hold together over the runs there are.",
)


def own_read_out(snapshot: Snapshot, request: ExperimentRequest, home: Path, app_db: Path) -> Result:
    """Read out a campaign of one's own by the rule that was sealed with it; the latest one where none is named.

    Raises:
        MissingData: no such campaign was started, or the data end before it began. SnapshotError: its seal is broken.
        InvalidPlan: an arm has too few customers.
    """
    every = own_runs(home, app_db)
    if request.about == "learnt":
        return learnt_list(snapshot, request, every)
    runs = _meant(every, request.campaign_id)
    if snapshot.as_of < runs[0].started:
        raise MissingData(
            f"Campaign {runs[0].campaign_id} began on {runs[0].started.isoformat()}, and the data end on "
            f"{snapshot.as_of.isoformat()}", received=f"orders since {runs[0].started.isoformat()}",
            hint="Load the orders since then; the read-out comes by itself.")
    people = [outcomes(snapshot, run) for run in runs]
    looks = looks_of(runs, people, snapshot.as_of)
    over = looks[-1].due
    known = _cases(snapshot, every, runs) if over else None
    money = {} if known is None else _money(known)
    wordings = _wordings(people) if over and not any(r.adaptive for r in runs) else None
    groups = None if known is None or not request.split else _groups(with_own(snapshot, every), known, request.split)
    tables = [t for t in (_looks_table(looks), runs_table(runs, people, snapshot.as_of), _money_table(money), wordings,
                          groups) if t is not None and t.rows]
    result = Result(
        kind="own_experiment", title=f"What campaign {runs[0].campaign_id} changed", currency=snapshot.currency,
        tables=tables, figures=_figures(snapshot, runs, looks, money),
        words=_words(request, runs, looks, groups, wordings),
        charts=[Chart(kind="line", table="looks", x="day", y=["lift"], lower="lower", upper="upper",
                      title="Effect on the share who ordered, by look")] if any(k.due for k in looks) else [],
        evidence=_evidence(snapshot, request, runs), followups=_followups(runs, over, request),
    )
    result.headline = ["lift"] if "lift" in result.figures else ["next_look"] if "next_look" in result.figures else []
    result.caveats = _caveats(app_db, runs, people)
    return result


def _meant(every: Sequence[Sealed], campaign_id: str | None) -> list[Sealed]:
    wanted = campaign_id or (every[-1].campaign_id if every else None)
    runs = [r for r in every if r.campaign_id == wanted]
    if runs:
        return runs
    known = list(dict.fromkeys(r.campaign_id for r in every))
    what = f"Campaign {campaign_id} has" if campaign_id else "No campaign has"
    raise MissingData(f"{what} not been sent or exported yet, so there is nothing to read out"
                      if campaign_id else "No campaign has been sent or exported yet, so there is nothing to read out",
                      hint="Its control group and the rule of the read-out are sealed when an "
                      "approved run starts.", valid=known, nearest=["Did our past campaigns work?"])


def _looks_table(looks: Sequence[Look]) -> Table:
    rows: list[list[Scalar]] = []
    for look in looks:
        values = [None if v is None else round(100 * v, 2) for v in (look.contacted, look.held_out, look.lift,
                                                                     look.lower, look.upper)]
        rows.append([look.day, look.on.isoformat(), *values, _VERDICTS[look.verdict]])
    columns = [
        Column(name="day", label="Day of the window", unit="count"), Column(name="on", label="On", unit="date"),
        Column(name="contacted", label="Contacted who ordered", unit="percent"),
        Column(name="held_out", label="Held out who ordered", unit="percent"),
        Column(name="lift", label="Difference", unit="points"),
        Column(name="lower", label="Lower bound", unit="points"),
        Column(name="upper", label="Upper bound", unit="points"), Column(name="verdict", label="Verdict"),
    ]
    return Table(id="looks", title="Looks fixed before the start", columns=columns, rows=rows, total_rows=len(rows))


def _money(known: OwnCases) -> dict[str, Effects]:
    """Effect on revenue and margin per customer, once the window is over."""
    frame = known.frame
    return {name: effects_of_runs(frame[name].to_numpy(), frame["treatment"].to_numpy(),
                                  frame["campaign_id"].to_numpy())
            for name in ("revenue", "margin") if frame[name].notna().all()}


def _cases(snapshot: Snapshot, every: Sequence[Sealed], runs: Sequence[Sealed]) -> OwnCases:
    return own_cases(with_own(snapshot, every), {wave_id(every, r) for r in runs})


def _money_table(money: dict[str, Effects]) -> Table | None:
    if not money:
        return None
    columns = [Column(name="measure", label="Per customer"),
               Column(name="contacted", label="Contacted", unit="currency"),
               Column(name="held_out", label="Held out", unit="currency"),
               Column(name="lift", label="Difference", unit="currency"),
               Column(name="lower", label="Lower bound", unit="currency"),
               Column(name="upper", label="Upper bound", unit="currency"), Column(name="verdict", label="Verdict")]
    rows: list[list[Scalar]] = []
    for name, effects in money.items():
        e = effects.overall
        values = [None if v is None else round(v, 2) for v in (e.mean_contacted, e.mean_held_out, e.lift, e.lower,
                                                               e.upper)]
        rows.append([name, *values, _VERDICTS[e.verdict]])
    return Table(id="money", title="Revenue and margin", columns=columns, rows=rows, total_rows=len(rows))


def _wordings(people: Sequence[pd.DataFrame]) -> Table | None:
    """The wordings of the contacted against each other, where there were several."""
    import pandas as pd

    frame = pd.concat(people, ignore_index=True)
    frame = frame[frame["arm"] == CONTACTED]
    if frame["wording"].nunique() < 2:
        return None
    names = ("wording " + (frame["wording"].astype(int) + 1).astype(str)).to_numpy()
    arms = arms_of(frame["ordered_on"].notna().to_numpy(), names)
    means = {a.name: a for a in arms}
    rows: list[list[Scalar]] = [
        [c.arm, c.against, round(100 * means[c.arm].mean, 2), round(100 * means[c.against].mean, 2),
         *(round(100 * v, 2) for v in (c.lift, c.lower, c.upper)), _VERDICTS[c.verdict]] for c in compare_arms(arms)]
    columns = [Column(name="arm", label="Wording"), Column(name="against", label="Against"),
               Column(name="rate", label="Ordered", unit="percent"),
               Column(name="rate_against", label="Ordered, against", unit="percent"),
               Column(name="lift", label="Difference", unit="points"),
               Column(name="lower", label="Lower bound", unit="points"),
               Column(name="upper", label="Upper bound", unit="points"), Column(name="verdict", label="Verdict")]
    return Table(id="wordings", title="Wordings against each other", columns=columns, rows=rows, total_rows=len(rows))


def _groups(shown: Snapshot, known: OwnCases, by: str) -> Table:
    """Effect by groups known before, over all runs, with intervals that hold together."""
    from assistant.models.uplift.groups import groups_of

    group, order = groups_of(shown, known, by)
    frame = known.frame
    found = effects_of_runs(frame["ordered"].to_numpy(), frame["treatment"].to_numpy(),
                            frame["campaign_id"].to_numpy(), group=group, order=order)
    rows: list[list[Scalar]] = []
    for g in found.groups:
        values = [None if v is None else round(100 * v, 2) for v in (g.lift, g.lower, g.upper)]
        rows.append([g.group, g.contacted, g.held_out, *values, _VERDICTS[g.verdict]])
    columns = [Column(name="group", label=SPLIT_WORDS[by].capitalize()),
               Column(name="contacted", label="Contacted", unit="count"),
               Column(name="held_out", label="Held out", unit="count"),
               Column(name="lift", label="Difference", unit="points"),
               Column(name="lower", label="Lower bound", unit="points"),
               Column(name="upper", label="Upper bound", unit="points"), Column(name="verdict", label="Verdict")]
    return Table(id="groups", title=f"By {SPLIT_WORDS[by]}", columns=columns, rows=rows, total_rows=len(rows))


def _figures(
    snapshot: Snapshot, runs: Sequence[Sealed], looks: Sequence[Look], money: dict[str, Effects]
) -> dict[str, Figure]:
    arms = [sum(int((r.people["arm"] == arm).sum()) for r in runs) for arm in (CONTACTED, HELD)]
    found = {
        "contacted": _figure(arms[0], "count", "Assigned to be contacted", "sealed assignment"),
        "held_out": _figure(arms[1], "count", "Held out", "sealed assignment"),
        "runs": _figure(len(runs), "count", "Runs", "sealed assignments"),
        "runs_over": _figure(sum(r.until <= snapshot.as_of for r in runs), "count", "Runs that are over",
                             "windows that are over"),
        "last_started": _figure(runs[-1].started.isoformat(), "date", "Start of the latest run", "sealed assignment"),
        "started": _figure(runs[0].started.isoformat(), "date", "Start", "sealed assignment"),
        "until": _figure(max(r.until for r in runs).isoformat(), "date", "End of the window", "read-out rule"),
        "elapsed": _figure(max((snapshot.as_of - runs[-1].started + timedelta(days=1)).days, 0), "days", "Days so far",
                           "last day of the data less start"),
        "look_count": _figure(len(looks), "count", "Looks", "read-out rule"),
    }
    due = [i for i, look in enumerate(looks) if look.due]
    table = _looks_table(looks)
    if due:
        found |= {name: table.figure(due[-1], name) for name in ("day", "on", "contacted", "held_out", "lift", "lower",
                                                                 "upper")} | {
            "contacted_count": found["contacted"], "held_out_count": found["held_out"]}
        shown = minimum_detectable_lift(looks[due[-1]].held_out or 0.0, arms[0], arms[1])
        if shown is not None:
            found["detectable"] = _figure(round(100 * shown, 2), "points", "Difference found in four of five cases",
                                          "two proportions, normal")
        found["orders_won"] = _figure(round((looks[due[-1]].lift or 0.0) * arms[0]), "count", "Customers won to order",
                                      "difference * contacted")
    if len(due) < len(looks):
        found["next_look"] = table.figure(len(due), "on", "Next look")
    for name, effects in money.items():
        e = effects.overall
        if e.lift is not None and e.lower is not None and e.upper is not None:
            values = {"": e.lift, "_lower": e.lower, "_upper": e.upper}
            found |= {f"{name}_won{end}": _figure(round(v * arms[0], 2), "currency", f"Incremental {name}",
                                                  "difference per customer * contacted") for end, v in values.items()}
    if "margin" in money and all(r.cost is not None for r in runs):
        cost = sum(r.cost or 0.0 for r in runs)
        found["cost"] = _figure(round(cost, 2), "currency", "Cost of sending", "messages * cost of one, as planned")
        for end in ("", "_lower", "_upper"):
            won = found[f"margin_won{end}"].value
            found[f"profit{end}"] = _figure(round(float(won or 0.0) - cost, 2), "currency", "Incremental profit",
                                            "incremental margin - cost of sending")
    return found


def _figure(value: Scalar, unit: Unit, label: str, derivation: str) -> Figure:
    return Figure(value=value, unit=unit, label=label, source=Source(origin="derived", derivation=derivation))


def _words(
    request: ExperimentRequest, runs: Sequence[Sealed], looks: Sequence[Look], groups: Table | None,
    wordings: Table | None,
) -> dict[str, str]:
    first, due = decided(looks), [look for look in looks if look.due]
    shown = [row for row in wordings.rows if row[-1] != _VERDICTS["not_shown"]] if wordings is not None else []
    worded = max(int(r.people["wording"].fillna(0).max()) for r in runs)
    return {
        "wordings": "" if worded == 0 else "adaptive" if any(r.adaptive for r in runs) else "shown" if shown
        else "not_shown" if wordings is not None else "later",
        "several": "yes" if len(runs) > 1 else "",
        "campaign": runs[0].campaign_id, "goal": runs[0].goal.replace("_", "-"), "asked": request.about,
        "over": "yes" if looks[-1].due else "", "looked": "yes" if due else "",
        "verdict": due[-1].verdict if due else "waiting", "decided": first.verdict if first else "",
        "decided_on": first.on.isoformat() if first else "",
        "by": SPLIT_WORDS[request.split] if request.split else "", "split_later": "yes" if request.split and not groups
        else "", "seal": runs[0].digest[:12], "rule": runs[0].rule.digest()[:12],
    }


def _caveats(app_db: Path, runs: Sequence[Sealed], people: Sequence[pd.DataFrame]) -> list[Caveat]:
    caveats = []
    written = sum(written_although_held(app_db, r) for r in runs)
    if written:
        caveats.append(Caveat(code="experiment_written", figures={
            "n": _figure(written, "count", "held out and written to", "outbox against sealed assignment")}))
    drawn = [p["wording"].dropna().astype(int).value_counts().sort_index().tolist()
             for r, p in zip(runs, people, strict=True) if not r.adaptive]
    for counts in drawn:
        p = ratio_p_value(counts, [1.0] * len(counts)) if len(counts) > 1 else 1.0
        if p < MISMATCH_BELOW:
            caveats.append(Caveat(code="experiment_sizes_differ", figures={
                "ratio": _figure(round(p, 4), "probability", "Chance of such sizes", "chi-square")}))
    return caveats


def _evidence(snapshot: Snapshot, request: ExperimentRequest, runs: Sequence[Sealed]) -> Evidence:
    rule = runs[0].rule
    return Evidence(
        plan=request.model_dump(mode="json"), plan_words=reword(request), snapshot=snapshot.manifest.id,
        source=snapshot.manifest.source, synthetic=snapshot.manifest.synthetic, as_of=snapshot.as_of,
        window_start=runs[0].started, window_end=max(r.until for r in runs), computed_at=datetime.now(UTC),
        rows_scanned=sum(len(r.people) for r in runs),
        definitions=[DefinitionUsed(term=t, meaning=m) for t, m in {
            "held out": "drawn by lot within strata of time since the last order, value and channels, and sealed",
            "ordered": "an order within the window that was not cancelled, in both arms",
            "difference": "share of all who were assigned to be contacted less that of the held out, whether or not a "
                          "message reached them",
            "verdict": f"gain or loss where the interval leaves out nought; the looks share an error of "
                       f"{rule.level_percent} % ({rule.spending})",
        }.items()],
        assumptions=[
            f"Sealed with digest {runs[0].digest[:12]}; rule of the read-out {rule.digest()[:12]}.",
            f"Looks on days {', '.join(map(str, rule.looks))} of the window; nothing is computed between them.",
            "Revenue and margin are read at the end of the window.",
            *(_POOLED if len(runs) > 1 else ()),
        ],
    )


def _followups(runs: Sequence[Sealed], over: bool, request: ExperimentRequest) -> list[str]:
    name = runs[0].campaign_id
    if not over:
        return [f"When can I look at {name}?", f"How big must the control group be for {name}?"]
    splits = [("segment", "segment"), ("recency", "time since the last order")]
    return [*(f"Read out {name} by {words}" for key, words in splits if key != request.split),
            "What have we learnt from our experiments?"]


def learnt_list(snapshot: Snapshot, request: ExperimentRequest, every: Sequence[Sealed]) -> Result:
    """What every finished campaign of one's own showed, the latest first, and how many still run.

    Raises:
        MissingData: no campaign was started.
    """
    if not every:
        _meant(every, None)
    rows: list[list[Scalar]] = []
    running = 0
    for campaign_id in reversed(list(dict.fromkeys(r.campaign_id for r in every))):
        runs = [r for r in every if r.campaign_id == campaign_id]
        if max(r.until for r in runs) > snapshot.as_of:
            running += 1
            continue
        try:
            looks = looks_of(runs, [outcomes(snapshot, r) for r in runs], snapshot.as_of)
        except InvalidPlan:
            rows.append([campaign_id, runs[0].goal.replace("_", "-"), runs[0].started.isoformat(), len(runs), None,
                         None, None, _VERDICTS["too_few"]])
            continue
        last = decided(looks) or looks[-1]
        values = [None if v is None else round(100 * v, 2) for v in (last.lift, last.lower, last.upper)]
        rows.append([campaign_id, runs[0].goal.replace("_", "-"), runs[0].started.isoformat(), len(runs), *values,
                     _VERDICTS[last.verdict]])
    columns = [Column(name="campaign", label="Campaign", unit="id"), Column(name="kind", label="Kind"),
               Column(name="started", label="Start", unit="date"), Column(name="runs", label="Runs", unit="count"),
               Column(name="lift", label="Difference", unit="points"),
               Column(name="lower", label="Lower bound", unit="points"),
               Column(name="upper", label="Upper bound", unit="points"), Column(name="verdict", label="Verdict")]
    table = Table(id="learnt", title="What our experiments showed", columns=columns, rows=rows, total_rows=len(rows))
    evidence = _evidence(snapshot, request, every)
    evidence.assumptions = ["Each read by the rule that was sealed with it; running ones are not looked at here."]
    return Result(
        kind="experiment_history", title="What our experiments showed", currency=snapshot.currency,
        tables=[table] if rows else [], headline=["finished"], evidence=evidence,
        figures={"finished": _figure(len(rows), "count", "Finished", "windows that are over"),
                 "running": _figure(running, "count", "Still running", "windows that are not over")},
        followups=[*([f"Read out {rows[0][0]}"] if rows else ["Can I look already?"]), "Did our past campaigns work?"],
    )
