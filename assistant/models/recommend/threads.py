"""Many small matrix products are divided among threads as a whole, not one by one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


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
