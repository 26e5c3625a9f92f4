"""CDNOW, sample of 2,357 customers: published parameters, and the 39 weeks after a calibration of 39 weeks."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from assistant.features.purchase_days import PurchaseDays
from assistant.models.value.bg_nbd import BGNBD
from assistant.models.value.gamma_gamma import GammaGamma
from assistant.models.value.histories import Histories
from assistant.models.value.lifetime import FARTHEST_TOTAL, examine
from assistant.models.value.lifetime_methods import METHODS
from assistant.models.value.pareto_nbd import ParetoNBD
from benchmarks.report import Row
from benchmarks.shared_data import data_set

FIRST = date(1997, 1, 1)
#: Last day of the calibration (1997-09-30) and days of the holdout, as in the papers.
CALIBRATED, HOLDOUT = 272, 273
#: (cut, days) of the rehearsals, all of them inside the calibration.
REHEARSALS = ((140, 91), (168, 91), (181, 91))
#: Parameters of the papers, to the digits printed there, and log-likelihoods.
PUBLISHED = {
    "BG/NBD": ((0.243, 4.414, 0.793, 2.426), -9582.426), "Pareto/NBD": ((0.553, 10.578, 0.606, 11.669), -9594.974),
    "Gamma-Gamma": ((6.25, 3.74, 15.44), -4055.92),
}


def summary() -> tuple[np.ndarray, ...]:
    """frequency, recency and T in weeks, as they were published."""
    frame = pd.read_csv(data_set("cdnow", "cdnow_customers_summary.csv")).rename(columns=str.lower)
    return tuple(frame[c].to_numpy(dtype=float) for c in ("frequency", "recency", "t"))


def purchase_days(counted: bool = True) -> PurchaseDays:
    """Every purchase of the sample; ``counted``: with a value of one, so that values are counts."""
    lines = pd.read_csv(data_set("cdnow", "CDNOW_sample.txt"), sep=r"\s+", header=None,
                        names=["master", "id", "day", "units", "value"])
    days = lines.groupby(["id", "day"], as_index=False)["value"].sum()
    at = (pd.to_datetime(days["day"].astype(str)) - pd.Timestamp(FIRST)).dt.days.to_numpy()
    ids, codes = np.unique(days["id"].astype(int).map("{:05d}".format).to_numpy(dtype=object), return_inverse=True)
    order = np.lexsort((at, codes))
    value = np.ones(len(at)) if counted else days["value"].to_numpy(dtype=float)
    return PurchaseDays(ids, codes[order], at[order], value[order], FIRST, int(at.max()))


def published_rows() -> list[Row]:
    """Parameters and log-likelihoods against those published, and against *lifetimes* in the same run."""
    from lifetimes import BetaGeoFitter, GammaGammaFitter, ParetoNBDFitter

    history = summary()
    days = purchase_days(counted=False)
    seen = days.day <= CALIBRATED
    first = np.full(len(days.customer_ids), np.iinfo(np.int64).max)
    np.minimum.at(first, days.customer, days.day)
    again = seen & (days.day > first[days.customer])
    count = np.bincount(days.customer[again], minlength=len(first))
    spent = np.bincount(days.customer[again], weights=days.value[again], minlength=len(first))
    kept = spent > 0
    count, mean = count[kept], spent[kept] / count[kept]
    histories = Histories.of(*history)
    fits: dict[str, tuple[Any, Any, int]] = {
        "BG/NBD": (BGNBD().fit(*history), BetaGeoFitter().fit(*history), 3),
        "Pareto/NBD": (ParetoNBD().fit(*history), ParetoNBDFitter().fit(*history), 3),
        "Gamma-Gamma": (GammaGamma().fit(count, mean), GammaGammaFitter().fit(count, mean), 2),
    }
    rows = []
    for name, (ours, peer, digits) in fits.items():
        wanted, likelihood = PUBLISHED[name]
        found = tuple(ours.parameters.values())
        near = all(f"{a:.3g}" == f"{b:.3g}" for a, b in zip(found, wanted, strict=True))
        rows += [
            Row(f"CDNOW: {name}, parameters", _said(found, digits), peer=f"lifetimes {_said(peer.params_, digits)}",
                bar=f"{_said(wanted, digits)} to 3 digits", met=near),
            Row(f"CDNOW: {name}, log-likelihood", f"{ours.log_likelihood_:.3f}",
                peer="–" if digits == 2 else "at lifetimes' parameters "
                f"{ours.likelihood(np.array(peer.params_, dtype=float), histories)[0]:.3f}",
                bar=f"{likelihood} ± 1e-3" if digits == 3 else f"{likelihood} ± 5e-3",
                met=abs(ours.log_likelihood_ - likelihood) <= (1e-3 if digits == 3 else 5e-3)),
        ]
    return rows


def _said(values: Any, digits: int) -> str:
    return " ".join(f"{v:.{digits}f}" for v in values)


def holdout_rows() -> list[Row]:
    """The method chosen by rehearsals inside the calibration, on the holdout; every other one beside it."""
    from lifetimes import BetaGeoFitter

    days = purchase_days()
    pooled: dict[str, list[float]] = {}
    weight = actual = 0.0
    for cut, length in REHEARSALS:
        exam = examine(days, cut, length)
        assert exam is not None
        weight, actual = weight + exam.customers, actual + exam.actual
        for t in exam.tried:
            sums = pooled.setdefault(t.method, [0.0, 0.0])
            sums[0] += t.mae * exam.customers
            sums[1] += t.predicted
    near = [m for m, (_, total) in pooled.items() if abs(total / actual - 1) <= FARTHEST_TOTAL]
    chosen = min(near, key=lambda m: pooled[m][0])
    rows = [Row(f"CDNOW: rehearsals in the calibration, {METHODS[m]}{' (chosen)' if m == chosen else ''}",
                f"MAE {error / weight:.4f}, sum {total / actual - 1:+.1%}") for m, (error, total) in pooled.items()]
    final = examine(days, CALIBRATED, HOLDOUT)
    assert final is not None
    history = summary()
    peer = BetaGeoFitter().fit(*history)
    theirs = np.asarray(peer.conditional_expected_number_of_purchases_up_to_time(39, *history))
    came = days.value_between(CALIBRATED, CALIBRATED + HOLDOUT, np.arange(len(days.customer_ids)))
    naive = history[0] / history[2] * 39
    past = final.of("repeat").mae
    peer_mae, peer_off = float(np.abs(theirs - came).mean()), float(theirs.sum() / came.sum() - 1)
    for t in final.tried:
        picked, off = t.method == chosen, t.predicted / final.actual - 1
        words = f"CDNOW holdout, weeks 40–78: {METHODS[t.method]}"
        rows += [
            Row(f"{words}{' (chosen)' if picked else ''}, MAE", f"{t.mae:.4f}",
                f"past rate {np.abs(naive - came).mean():.4f}, repeating the past {past:.4f}",
                f"lifetimes BG/NBD {peer_mae:.4f}", "< 0.7855" if picked else "–", t.mae < 0.7855 if picked else None),
            Row(f"{words}{' (chosen)' if picked else ''}, sum", f"{off:+.1%}", f"past rate "
                f"{naive.sum() / came.sum() - 1:+.1%}", f"lifetimes BG/NBD {peer_off:+.1%}",
                "within 12 %" if picked else "–", abs(off) < 0.12 if picked else None),
        ]
    return rows
