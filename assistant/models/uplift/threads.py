"""How many threads boosted trees may use: as many as the linear algebra library is allowed."""

from __future__ import annotations

import os


def allowed_threads() -> int:
    """``OMP_NUM_THREADS`` where it is set, else the processors this program may run on."""
    said = os.environ.get("OMP_NUM_THREADS", "")
    return max(1, int(said)) if said.isdigit() else len(os.sched_getaffinity(0))
