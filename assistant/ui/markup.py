"""HTML from untrusted text. Whatever comes from data, a model or a person passes :func:`esc` here, once.

Replies use a small part of Markdown: paragraphs, lists, headings, ``**bold**`` and ```code```. Links and pictures are
not rendered at all, so that no text inside the data can make the browser ask another host for anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from html import escape

from assistant.results import NumberInReply

_OPEN, _CLOSE = "\ue100", "\ue101"
_PLACE = re.compile(f"{_OPEN}(\\d+){_CLOSE}")
_PRIVATE = dict.fromkeys(range(0xE000, 0xE200))
_CONTROL = dict.fromkeys([*range(0x00, 0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F, *range(0x202A, 0x202F),
                          *range(0x2066, 0x206A)])
_BOLD = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*")
_CODE = re.compile(r"`([^`]+)`")
_BULLET = re.compile(r"^\s*[-*•]\s+(.*)$")
_NUMBERED = re.compile(r"^\s*\d{1,3}[.)]\s+(.*)$")
_HEADING = re.compile(r"^#{1,6}\s+(.*)$")

_VOID = frozenset({"input", "br"})

DrawNumber = Callable[[int, str], str]
"""Given the position of a number in the list and its escaped text, returns HTML."""


def esc(value: object) -> str:
    """Text safe between tags and inside double-quoted attributes; control and direction-override signs removed."""
    return escape(str(value).translate(_CONTROL), quote=True)


def tag(name: str, inner: str = "", **attributes: object) -> str:
    """One element. ``inner`` is HTML already; attribute values are escaped here.

    ``class_`` becomes ``class``, ``data_x`` becomes ``data-x``; False and None leave an attribute out, True prints it
    without a value.
    """
    printed = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{esc(value)}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    return f"<{name}{printed}>" if name in _VOID else f"<{name}{printed}>{inner}</{name}>"


def rich_text(text: str, numbers: Sequence[NumberInReply] = (), draw_number: DrawNumber | None = None) -> str:
    """A reply as HTML; each number in ``numbers`` (offsets into ``text``) is drawn by ``draw_number``."""
    marked = _place_numbers(text, numbers) if draw_number else text.translate(_PRIVATE)
    html = _blocks(marked)
    if not draw_number:
        return html
    return _PLACE.sub(lambda m: draw_number(int(m.group(1)), esc(numbers[int(m.group(1))].text)), html)


def _place_numbers(text: str, numbers: Sequence[NumberInReply]) -> str:
    """Put a place holder where each number stands; numbers whose offsets do not fit the text are left as text."""
    parts, position = [], 0
    for index, number in sorted(enumerate(numbers), key=lambda pair: pair[1].start):
        if number.start < position or text[number.start : number.end] != number.text:
            continue
        parts += [text[position : number.start].translate(_PRIVATE), f"{_OPEN}{index}{_CLOSE}"]
        position = number.end
    return "".join([*parts, text[position:].translate(_PRIVATE)])


def _inline(text: str) -> str:
    return _CODE.sub(r"<code>\1</code>", _BOLD.sub(r"<strong>\1</strong>", esc(text)))


def _blocks(text: str) -> str:
    """Paragraphs, lists and headings."""
    html: list[str] = []
    open_list: str | None = None
    paragraph: list[str] = []

    def end_paragraph() -> None:
        if paragraph:
            html.append(f"<p>{'<br>'.join(paragraph)}</p>")
            paragraph.clear()

    def switch_list(kind: str | None) -> None:
        nonlocal open_list
        if open_list != kind:
            if open_list:
                html.append(f"</{open_list}>")
            if kind:
                html.append(f"<{kind}>")
            open_list = kind

    for line in text.splitlines():
        bullet, numbered, heading = _BULLET.match(line), _NUMBERED.match(line), _HEADING.match(line)
        if bullet or numbered:
            end_paragraph()
            switch_list("ul" if bullet else "ol")
            html.append(f"<li>{_inline((bullet or numbered).group(1))}</li>")  # type: ignore[union-attr]
            continue
        switch_list(None)
        if heading:
            end_paragraph()
            html.append(f"<h4>{_inline(heading.group(1))}</h4>")
        elif line.strip():
            paragraph.append(_inline(line.strip()))
        else:
            end_paragraph()
    switch_list(None)
    end_paragraph()
    return "".join(html)
