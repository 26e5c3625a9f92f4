"""Port, folders, and what is imported when."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.errors import OperatorError, StorageError
from assistant.settings import load_settings
from assistant.ui import server


def test_taken_port_is_named_with_its_setting(tmp_path: Path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(OperatorError, match=rf"{port}.*port"):
            server.check_port(load_settings(tmp_path, port=port))


def test_free_port_passes(tmp_path: Path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server.check_port(load_settings(tmp_path, port=port))


def test_unusable_upload_folder_is_a_storage_error(tmp_path: Path):
    (tmp_path / "uploads").write_text("a file where a folder should be")
    with pytest.raises(StorageError, match="uploads"):
        server._prepare(load_settings(tmp_path))


def test_importing_the_server_loads_nothing_heavy():
    code = ("import sys, assistant.ui.server, assistant.ui.render, assistant.ui.views; "
            "print([m for m in ('gradio', 'plotly', 'torch', 'pandas', 'fastapi') if m in sys.modules])")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
