"""The command line as a person types it: in a process of its own, or, where that is not what is tested, in this one."""

from __future__ import annotations

import gc
import io
import logging
import os
import subprocess
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from unittest.mock import patch

import app

ROOT = Path(__file__).parents[2]


def program(*arguments: str, home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the program and wait for its end."""
    return subprocess.run(
        [sys.executable, str(ROOT / "app.py"), *arguments], capture_output=True, text=True, cwd=home,
        env={**os.environ, "ASSISTANT_HOME": str(home), **environment}, timeout=240,
    )


def called(*arguments: str, home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """As :func:`program`, without a start of Python; what the program sets for its whole process is put back."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    hook, thresholds, root = sys.excepthook, gc.get_threshold(), logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        with (patch.dict(os.environ, {"ASSISTANT_HOME": str(home), **environment}), chdir(home),
              patch.object(sys, "argv", ["app.py", *arguments]), redirect_stdout(out), redirect_stderr(err)):
            app.main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        sys.excepthook = hook
        gc.set_threshold(*thresholds)
        for handler in root.handlers[:]:
            if handler not in handlers:
                root.removeHandler(handler)
                handler.close()
        root.setLevel(level)
    return subprocess.CompletedProcess(["app.py", *arguments], code, out.getvalue(), err.getvalue())
