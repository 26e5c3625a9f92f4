"""Texts that a shop's data may hold and that must stay text."""

from __future__ import annotations

BAIT = "http://outside.invalid"
HOSTILE = (
    f"<script>fetch('{BAIT}/s')</script>",
    f"<img src={BAIT}/i.png onerror=\"document.title='owned'\">",
    f"![pic]({BAIT}/m.png)",
    f"[click]({BAIT}/l)",
    "\"><svg onload=\"document.title='owned'\">",
    f"<a href='{BAIT}/a'>cheap</a>",
    f"<iframe src='{BAIT}/f'></iframe>",
    "javascript:document.title='owned'",
    f"<style>@import url({BAIT}/c.css);</style>",
    f"<link rel=stylesheet href={BAIT}/l.css>",
    "${document.title='owned'}{{constructor.constructor('document.title=1')()}}",
    "%{x} $$\\href{javascript:1}{x}$$ <b>bold</b>",
    "</div></article><h1>escaped</h1>",
    "**bold** `code` # heading\n- item",
    "\u202eevil\u0000\u0007",
)
