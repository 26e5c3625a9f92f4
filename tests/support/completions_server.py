"""A local server that speaks /v1/chat/completions, with scripted behaviour."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Respond = Callable[[dict[str, Any]], "dict[str, Any] | tuple[int, Any]"]


def message(content: str | None = None, *calls: tuple[str, Any]) -> dict[str, Any]:
    """An assistant message; arguments that are not a string are sent as JSON text, as the protocol wants."""
    result: dict[str, Any] = {"role": "assistant", "content": content}
    if calls:
        result["tool_calls"] = [
            {"id": f"call_{uuid.uuid4().hex[:12]}", "type": "function",
             "function": {"name": name, "arguments": args if isinstance(args, str) else json.dumps(args)}}
            for name, args in calls
        ]
    return result


class CompletionsServer(ThreadingHTTPServer):
    """Answers every completion with what ``respond`` makes of the request; keeps all requests and keys."""

    def __init__(self, respond: Respond, models: list[str] | int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.respond, self.models = respond, models
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str | None] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class _Handler(BaseHTTPRequestHandler):
    server: CompletionsServer

    def log_message(self, *_: Any) -> None:
        """Keep the test output clean."""

    def do_GET(self) -> None:
        self.server.keys.append(self.headers.get("Authorization"))
        if isinstance(self.server.models, int):
            self._send(self.server.models, {"error": {"message": "no list"}})
        else:
            self._send(200, {"object": "list", "data": [{"id": m, "object": "model", "created": 0, "owned_by": "t"}
                                                        for m in self.server.models]})

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append(request)
        self.server.keys.append(self.headers.get("Authorization"))
        answer = self.server.respond(request)
        if isinstance(answer, tuple):
            self._send(*answer)
        elif request.get("stream"):
            self._stream(answer)
        else:
            finish = "tool_calls" if answer.get("tool_calls") else "stop"
            self._send(200, {
                "id": "c1", "object": "chat.completion", "created": 0, "model": request["model"],
                "choices": [{"index": 0, "message": answer, "finish_reason": finish}],
                "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
            })

    def _stream(self, answer: dict[str, Any]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        delta = {**answer, "tool_calls": [{**c, "index": i} for i, c in enumerate(answer.get("tool_calls", ()))]}
        if not delta["tool_calls"]:
            del delta["tool_calls"]
        for part, finish in ((delta, None), ({}, "tool_calls" if answer.get("tool_calls") else "stop")):
            chunk = {"id": "c1", "object": "chat.completion.chunk", "created": 0, "model": "m",
                     "choices": [{"index": 0, "delta": part, "finish_reason": finish}]}
            self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
        self.wfile.write(b"data: [DONE]\n\n")

    def _send(self, status: int, body: Any) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def completions_server(respond: Respond, models: list[str] | int = 404) -> Iterator[CompletionsServer]:
    """Run the server on a free port. ``models`` is the list it offers, or the status of a refusal to list."""
    server = CompletionsServer(respond, models)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def free_port_url() -> str:
    """A URL on this machine where nobody listens."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}/v1"
