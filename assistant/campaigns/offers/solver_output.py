"""Keeps what a solver writes by itself out of the program's output.

HiGHS prints a line of its own ("transformNewIntegerFeasibleSolution") to the standard output of the process for some
programmes, whatever it is told; an answer printed as JSON would be followed by it.
"""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_LOCK = threading.Lock()


@contextmanager
def kept_out() -> Iterator[None]:
    """Within it, the process's standard output goes nowhere; one solver at a time. Elsewhere than on POSIX systems, or
    where there is no standard output, nothing is changed."""
    if os.name != "posix":
        yield
        return
    with _LOCK:
        try:
            sys.stdout.flush()
            saved = os.dup(1)
        except (OSError, ValueError, AttributeError):  # closed, or none at all
            yield
            return
        nowhere = os.open(os.devnull, os.O_WRONLY)
        library = ctypes.CDLL(None)
        try:
            library.fflush(None)
            os.dup2(nowhere, 1)
            yield
        finally:
            library.fflush(None)
            os.dup2(saved, 1)
            os.close(saved)
            os.close(nowhere)
