"""What the choice of a recommender was measured to be, kept in a file: a restart need not measure it again.

A record holds the trials, or the bars that reasons must reach, never a model. It belongs to one state of the data, one
purpose, the competitors with their parameters and the code that measured; anything else is another record. One that
cannot be read is measured anew.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from assistant.data.warehouse import Snapshot, write_atomically
from assistant.errors import StorageError
from assistant.features.product_side import ProductSide
from assistant.models.recommend.exam import ExamDays, Purpose, Stretch, Trial
from assistant.models.recommend.reasons import ReasonRule, SizeBar
from assistant.models.registry import Entry

log = logging.getLogger(__name__)

#: Fields of a trial that are arrays, with their types.
_ARRAYS = {"per_user_ndcg": np.float64, "per_user_recall": np.float64, "places": np.int64}
#: Records kept of one shop, of each sort; the oldest are deleted.
_KEPT = 8


@dataclass(frozen=True)
class Measured:
    """Trials of one choice: on the validation exam, on the test exam, the parameters of tuned blends, and when it
    was."""

    name: str
    why: str
    compared: tuple[Trial, ...]
    trials: tuple[Trial, ...]
    parameters: Mapping[str, Mapping[str, Any]]
    stretch: Stretch


class ChoiceRecords:
    """Records below one folder.

    Args:
        folder: made when the first record is written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(
        self, snapshot: Snapshot, purpose: Purpose, seed: int, entries: Mapping[str, Entry], side: ProductSide | None
    ) -> Path:
        """Where the record of this measurement is, written or not."""
        return self.folder / f"choice-{purpose}-{_key(snapshot, side, purpose, seed, _named(entries))}.json"

    def reasons_path(
        self, snapshot: Snapshot, purpose: Purpose, seed: int, entries: Mapping[str, Entry], side: ProductSide | None,
        name: str, parameters: Mapping[str, Mapping[str, Any]],
    ) -> Path:
        """Where the bars of reasons of one fitted model are, written or not."""
        tuned = {n: dict(p) for n, p in parameters.items()}
        return self.folder / f"reasons-{name}-{_key(snapshot, side, purpose, seed, _named(entries), name, tuned)}.json"

    def read(self, path: Path) -> Measured | None:
        """The record, or None where there is none that can be read."""
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
            return Measured(
                stored["name"], stored["why"], tuple(_trial(t) for t in stored["compared"]),
                tuple(_trial(t) for t in stored["trials"]), {n: _tuples(p) for n, p in stored["parameters"].items()},
                _stretch(stored["stretch"]))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("The record %s cannot be read (%s); the recommenders are measured again", path.name, error)
            return None

    def write(self, path: Path, measured: Measured) -> None:
        """Keep a record; where the folder cannot be written, the next start measures again."""
        content = {
            "name": measured.name, "why": measured.why, "parameters": measured.parameters,
            "compared": [_plain(t) for t in measured.compared], "trials": [_plain(t) for t in measured.trials],
            "stretch": asdict(measured.stretch),
        }
        self._keep(path, content)

    def read_reasons(self, path: Path) -> ReasonRule | None:
        """The bars of reasons, or None where there is no record that can be read."""
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
            usual = None if stored["usual"] is None else np.array(stored["usual"], dtype=np.float64)
            return ReasonRule(tuple(SizeBar(**bar) for bar in stored["bars"]), usual, stored["random_passes"],
                              stored["given"], stored["cases"])
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("The record %s cannot be read (%s); the reasons are tested again", path.name, error)
            return None

    def write_reasons(self, path: Path, rule: ReasonRule) -> None:
        """Keep the bars of reasons; where the folder cannot be written, the next start sets them again."""
        usual = None if rule.usual is None else np.asarray(rule.usual, dtype=np.float64).tolist()
        self._keep(path, {"bars": [asdict(b) for b in rule.bars], "usual": usual, "given": rule.given,
                          "random_passes": rule.random_passes, "cases": rule.cases})

    def _keep(self, path: Path, content: Mapping[str, Any]) -> None:
        try:
            write_atomically(path, json.dumps(content, default=str))
            like = f"{path.name.partition('-')[0]}-*.json"
            for old in sorted(self.folder.glob(like), key=lambda p: p.stat().st_mtime)[:-_KEPT]:
                old.unlink(missing_ok=True)
        except (OSError, StorageError) as error:
            log.warning("What was measured of the recommender could not be kept: %s", error)


def _key(snapshot: Snapshot, side: ProductSide | None, *asked: Any) -> str:
    """Digest of the data, what is known of the products, the code and what else was asked."""
    vectors = None if side is None or side.vectors is None else hashlib.sha256(side.vectors.tobytes()).hexdigest()
    everything = [snapshot.fingerprint, str(snapshot.as_of), code_digest(), vectors, *asked]
    return hashlib.sha256(json.dumps(everything, sort_keys=True, default=str).encode()).hexdigest()[:20]


def _named(entries: Mapping[str, Entry]) -> dict[str, list[Any]]:
    return {name: [e.path, dict(e.parameters)] for name, e in entries.items()}


def _stretch(stored: Mapping[str, Any]) -> Stretch:
    def days(of: Mapping[str, Any]) -> ExamDays:
        return ExamDays(date.fromisoformat(of["cutoff"]), date.fromisoformat(of["last_day"]), int(of["users"]))

    return Stretch(days(stored["validation"]), days(stored["test"]), int(stored["weeks"]), str(stored["apart"]))


@cache
def code_digest() -> str:
    """Digest of the code that measures: models, features and the registry."""
    models = Path(__file__).parent
    files = [*models.glob("*.py"), *(models.parents[1] / "features").glob("*.py"), models.parent / "registry.py"]
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()


def _plain(trial: Trial) -> dict[str, Any]:
    return {name: value.tolist() if name in _ARRAYS else value for name, value in asdict(trial).items()}


def _trial(stored: Mapping[str, Any]) -> Trial:
    arrays = {name: np.array(stored[name], dtype=kind) for name, kind in _ARRAYS.items()}
    arrays["places"] = arrays["places"].reshape(len(arrays["per_user_ndcg"]), -1)
    return Trial(**{**stored, **arrays, "parameters": _tuples(stored["parameters"])})


def _tuples(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters as they were given: lists of JSON are tuples."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in parameters.items()}
