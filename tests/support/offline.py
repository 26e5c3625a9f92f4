"""No test reaches the network: only this machine's own addresses may be connected to."""

from __future__ import annotations

import ipaddress
import os
import socket
import sys
from typing import Any

#: Set before anything heavy is imported: no model hub, no telemetry.
ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "ANONYMIZED_TELEMETRY": "False",
    "GRADIO_ANALYTICS_ENABLED": "False",
    "LANGCHAIN_TRACING_V2": "false",
    "LANGSMITH_TRACING": "false",
    "TOKENIZERS_PARALLELISM": "false",
}
LOCAL_NAMES = {"localhost", "localhost.localdomain", "ip6-localhost", ""}


class NetworkBlocked(OSError):
    """A test tried to reach another host."""


def is_local(address: Any) -> bool:
    """Whether a socket address stays on this machine (loopback, or a Unix socket)."""
    if not isinstance(address, tuple):
        return True
    host = address[0]
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if host is None or host in LOCAL_NAMES:
        return True
    try:
        parsed = ipaddress.ip_address(str(host).split("%")[0])
    except ValueError:
        return False
    return parsed.is_loopback or parsed.is_unspecified


def block_network() -> None:
    """Make every connection or lookup beyond this machine raise :class:`NetworkBlocked`, for the whole process."""
    if getattr(socket.socket.connect, "blocks_network", False):
        return
    connect, connect_ex, sendto = socket.socket.connect, socket.socket.connect_ex, socket.socket.sendto
    getaddrinfo = socket.getaddrinfo

    def refuse(address: Any) -> None:
        if not is_local(address):
            raise NetworkBlocked(f"tests must not reach the network; a connection to {address!r} was attempted")

    def guarded_connect(self: socket.socket, address: Any) -> None:
        refuse(address)
        return connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        refuse(address)
        return connect_ex(self, address)

    def guarded_sendto(self: socket.socket, data: Any, *rest: Any) -> int:
        refuse(rest[-1])
        return sendto(self, data, *rest)

    def guarded_getaddrinfo(host: Any, *rest: Any, **options: Any) -> Any:
        refuse((host,))
        return getaddrinfo(host, *rest, **options)

    guarded_connect.blocks_network = True  # type: ignore[attr-defined]
    socket.socket.connect = guarded_connect  # type: ignore[method-assign]
    socket.socket.connect_ex = guarded_connect_ex  # type: ignore[method-assign]
    socket.socket.sendto = guarded_sendto  # type: ignore[method-assign]
    socket.getaddrinfo = guarded_getaddrinfo


def clean_environment() -> None:
    """Offline, no telemetry, modules compiled once, and none of the settings or keys of whoever runs the tests."""
    os.environ.update(ENVIRONMENT)
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # workers share the cores: more threads only wait
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # every worker, and every program a test starts, would compile anew
    sys.dont_write_bytecode = False
    for name in list(os.environ):
        if name.startswith("ASSISTANT_") and name != "ASSISTANT_SHARED_DATA":
            del os.environ[name]
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "HF_TOKEN", "LANGSMITH_API_KEY", "LANGCHAIN_API_KEY"):
        os.environ.pop(name, None)
