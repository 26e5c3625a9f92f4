"""How many threads a model gets: small matrix products and small boosted trees are faster with one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

#: Rows below which one thread is as fast: more would mostly wait for each other, on a busy machine many times longer.
ROWS_FOR_MORE = 200_000


def tree_threads(rows: int) -> int:
    """One for few rows; else ``OMP_NUM_THREADS`` where it is set, else the processors this program may run on."""
    if rows < ROWS_FOR_MORE:
        return 1
    said = os.environ.get("OMP_NUM_THREADS", "")
    return max(1, int(said)) if said.isdigit() else len(os.sched_getaffinity(0))


@contextmanager
def undivided_products() -> Iterator[int]:
    """Inside, a matrix product runs on one thread; yields how many threads the caller may use instead.

    On thousands of small products the threads of the linear algebra library wait for each other longer than they
    compute, on a busy machine many times longer.
    """
    from threadpoolctl import ThreadpoolController

    controller = ThreadpoolController()
    allowed = max((library.num_threads for library in controller.select(user_api="blas").lib_controllers), default=1)
    with controller.limit(limits=1, user_api="blas"):
        yield allowed
