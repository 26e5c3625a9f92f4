"""Run records: what was done, with which prompts and model, without the words of the person or of the data."""

from __future__ import annotations

import hashlib
import json
import logging
from datetime import UTC, datetime
from pathlib import Path

from assistant.agent.prompts import Prompt
from assistant.results import Answer

log = logging.getLogger(__name__)


def record_run(folder: Path, thread_id: str, answer: Answer, prompts: list[Prompt]) -> None:
    """Append one line to ``<folder>/<day>.jsonl``. A disk that refuses is logged, never fatal to the answer."""
    now = datetime.now(UTC)
    line = {
        "run_id": answer.run_id,
        "thread": thread_id,
        "at": now.isoformat(timespec="milliseconds"),
        "brain": answer.brain,
        "prompts": [{"id": p.id, "version": p.version, "sha256": p.sha256} for p in prompts],
        "question_sha256": hashlib.sha256(answer.question.encode()).hexdigest(),
        "question_chars": len(answer.question),
        "tools": [{"tool": s.tool, "ms": s.milliseconds, "status": s.status, "rows": s.rows} for s in answer.steps],
        "outcome": answer.outcome,
        "reason": answer.reason,
        "snapshot": next((r.evidence.snapshot for r in answer.results if r.evidence.snapshot), None),
        "ms": answer.milliseconds,
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / f"{now:%Y-%m-%d}.jsonl").open("a", encoding="utf-8") as handle:
            handle.write(json.dumps(line) + "\n")
    except OSError as error:
        log.warning("run record not written: %s", error)
