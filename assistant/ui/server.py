"""The web application: the page mounted under FastAPI, guarded; on this machine only, unless the settings say else."""

from __future__ import annotations

import os
import shutil
import socket
import time
from importlib.resources import files
from typing import TYPE_CHECKING

from assistant.agent.events import Conversations
from assistant.errors import OperatorError, StorageError
from assistant.plans.desk import Desk
from assistant.plans.shop import Shop
from assistant.settings import Settings, version
from assistant.ui.texts import load_texts

if TYPE_CHECKING:
    from fastapi import FastAPI

ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 34 34'%3E%3Crect width='34' height='34' "
    "rx='9' fill='%232b5bd7'/%3E%3Cpath d='M10 25v-7M17 25V13M24 25V9' stroke='white' stroke-width='4'/%3E%3C/svg%3E"
)
STALE_UPLOAD_SECONDS = 24 * 3600


def check_port(settings: Settings) -> None:
    """See that the port is free, before any heavy work.

    Raises:
        OperatorError: the port is taken or not allowed; names it and the setting.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise OperatorError(
                f"The chat cannot listen on {settings.host}, port {settings.port}: {error.strerror or error}",
                hint="Choose another with --port, or the setting port (environment variable ASSISTANT_PORT).",
            ) from error


def create_app(conversations: Conversations, shop: Shop, desk: Desk, settings: Settings) -> FastAPI:
    """Build the application; nothing listens yet.

    Raises:
        StorageError: the folder for uploads cannot be made.
    """
    _prepare(settings)
    import gradio as gr
    from fastapi import FastAPI

    from assistant.ui.decisions import add_decisions
    from assistant.ui.exports import add_exports
    from assistant.ui.guard import Guard
    from assistant.ui.intake import add_intake
    from assistant.ui.page import build_page
    from assistant.ui.theme import make_theme
    from assistant.ui.unsubscribe import add_unsubscribe

    texts = load_texts()
    page = build_page(conversations, shop, desk, settings)
    app = FastAPI(title=texts("page.title"), docs_url=None, redoc_url=None, openapi_url=None)
    _add_assets(app)
    add_exports(app, conversations, desk, texts)
    add_decisions(app, desk)
    add_unsubscribe(app, desk, texts)
    add_intake(app, desk)
    limit = settings.max_upload_mb * 1024 * 1024
    app = gr.mount_gradio_app(
        app, page, path="/", server_name=settings.host, server_port=settings.port, footer_links=[], run_history=False,
        allowed_paths=[], blocked_paths=[str(settings.home)], show_error=True, max_file_size=limit, ssr_mode=False,
        enable_monitoring=False, pwa=False, mcp_server=False, theme=make_theme(), css=_asset("page.css"),
    )
    words = {
        "wrong_host": texts("errors.wrong_host"), "full": texts("errors.full"),
        "too_large": texts("upload.too_large", name=texts("upload.this_file"), limit=settings.max_upload_mb),
    }
    stamp = version()
    head = (f'<link rel="icon" href="{ICON}">'
            f'<script src="/assistant/assets/plotly.js?v={stamp}" defer></script>'
            f'<script src="/assistant/assets/page.js?v={stamp}"></script>')
    hosts = [] if settings.host in {"0.0.0.0", "::"} else [settings.host]
    app.add_middleware(Guard, hosts=hosts, max_body=limit + 1024 * 1024, head=head, words=words)
    return app


def run_server(app: FastAPI, settings: Settings, *, open_browser: bool = False) -> None:
    """Serve until interrupted, from an empty working directory.

    Raises:
        OperatorError: the port is taken.
    """
    import uvicorn

    check_port(settings)
    address = f"http://{settings.host}:{settings.port}"
    os.chdir(_empty_folder(settings))
    if open_browser:
        _open_later(address)
    print(f"Marketing assistant: {address}  (stop with Ctrl+C)", flush=True)  # noqa: T201 - the operator's one line
    uvicorn.run(app, host=settings.host, port=settings.port, log_level="warning", access_log=False,
                timeout_graceful_shutdown=3)


def _prepare(settings: Settings) -> None:
    """Environment of the page framework, and a clean folder for uploads; before the framework is imported."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["GRADIO_TEMP_DIR"] = str(settings.uploads_dir / "incoming")
    try:
        for old in settings.uploads_dir.glob("*"):
            if old.is_dir() and time.time() - old.stat().st_mtime > STALE_UPLOAD_SECONDS:
                shutil.rmtree(old, ignore_errors=True)
        (settings.uploads_dir / "incoming").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError("The folder for uploads cannot be used", received=settings.uploads_dir) from error


def _empty_folder(settings: Settings) -> str:
    folder = settings.home / "empty"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError("The state folder cannot be written", received=settings.home) from error
    return str(folder)


def _asset(name: str) -> str:
    return files("assistant.ui").joinpath("static", name).read_text(encoding="utf-8")


def _add_assets(app: FastAPI) -> None:
    """Our script, and the Plotly script that ships inside its package."""
    from fastapi.responses import Response

    plotly = files("plotly").joinpath("package_data", "plotly.min.js").read_bytes()
    sources = {"page.js": _asset("page.js").encode("utf-8"), "plotly.js": plotly}
    kind = "text/javascript; charset=utf-8"
    keep = {"cache-control": "private, max-age=86400"}
    for name, body in sources.items():
        def serve(body: bytes = body) -> Response:
            return Response(body, media_type=kind, headers=keep)

        app.get(f"/assistant/assets/{name}", response_model=None)(serve)


def _open_later(address: str) -> None:
    import threading
    import webbrowser

    threading.Timer(1.5, webbrowser.open, [address]).start()
