"""An e-mail as HTML: MJML built from its paragraphs, made responsive once per shape, then filled per recipient.

Shapes differ by the number of products only, so that a campaign needs a handful of MJML runs whatever its size. No
picture, font, style sheet or script is loaded from anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from markupsafe import escape as _escape

from assistant.campaigns.copy.slots import Slot
from assistant.campaigns.copy.template import Block, Fill, Node, Template, joined

_MARK = re.compile(r"zq([a-z]+)x([0-9]+)qz")
_STYLE = """
.copy p { margin: 0 0 14px; } .copy h1 { margin: 0; font-size: 24px; line-height: 1.3; font-weight: bold; }
.products { margin: 0; padding-left: 20px; } .products li { margin: 0 0 10px; } .foot p { margin: 0 0 8px; }
.foot a { color: #444444; text-decoration: underline; }
"""


def escape(text: str) -> str:
    """Text safe between tags and inside quoted attributes."""
    return str(_escape(text))


@dataclass(frozen=True)
class Sheet:
    """What an e-mail is laid out from; every part is a template with personal slots left open.

    Attributes:
        subject: the heading and the title of the document.
        paragraphs: before the products.
        closing: after them.
        foot: unsubscribe, legal lines, address.
        button: label of the link, or None.
        list_label: what a screen reader calls the list of products.
    """

    language: str
    colour: str
    subject: Template
    preheader: Template
    paragraphs: tuple[Template, ...]
    closing: tuple[Template, ...]
    foot: tuple[Template, ...]
    button: Template | None
    list_label: str


@lru_cache(maxsize=256)
def shell(sheet: Sheet, products: int) -> Template:
    """The HTML of a sheet with places for so many products (slots ``product_1`` …), as a template to fill."""
    import css_inline
    from mjml import mjml2html

    marks: list[str] = []
    html = mjml2html(_mjml(sheet, products, marks))
    inliner = css_inline.CSSInliner(keep_style_tags=True, keep_at_rules=True, load_remote_stylesheets=False)
    return Template(joined(_nodes(inliner.inline(html), marks)))


def fill_shell(template: Template, slots: Mapping[str, Slot], products: Sequence[str]) -> str:
    """The HTML for one recipient; every value is escaped, an address that can be followed becomes a link.

    Args:
        products: product lines, escaped already.
    """
    texts = {f"product_{n}": text for n, text in enumerate(products, start=1)}
    texts |= {name: html_value(slot) for name, slot in slots.items()}
    texts |= {f"{name}_href": escape(slot.text) if slot.is_address else "#" for name, slot in slots.items()
              if slot.kind == "link"}
    return template.fill(texts)


def html_value(slot: Slot) -> str:
    """A value between tags."""
    text = escape(slot.text)
    return f'<a href="{text}">{text}</a>' if slot.is_address else text


def _mjml(sheet: Sheet, products: int, marks: list[str]) -> str:
    def piece(template: Template) -> str:
        return _marked(template.nodes, marks)

    def block(lines: Sequence[Template], css: str, more: str = "") -> str:
        inner = "".join(f"<p>{piece(line)}</p>" for line in lines)
        return f'<mj-text css-class="{css}" {more}>{inner}</mj-text>' if inner else ""

    items = "".join(f"<li>{_mark('s', f'product_{n}', marks)}</li>" for n in range(1, products + 1))
    label = escape(sheet.list_label)
    listed = f'<mj-text css-class="copy"><ul class="products" aria-label="{label}">{items}</ul></mj-text>'
    button = ""
    if sheet.button is not None:
        href = _mark("s", "shop_link_href", marks)
        button = (f'<mj-button href="{href}" background-color="{sheet.colour}" color="#ffffff" font-size="16px" '
                  f'inner-padding="14px 28px" border-radius="4px">{piece(sheet.button)}</mj-button>')
    title, small = piece(sheet.subject), 'font-size="13px" color="#444444"'
    return (
        f'<mjml lang="{sheet.language}" dir="ltr"><mj-head><mj-title>{title}</mj-title>'
        f"<mj-preview>{piece(sheet.preheader)}</mj-preview><mj-attributes>"
        '<mj-all font-family="Arial, Helvetica, sans-serif" />'
        '<mj-text font-size="16px" line-height="1.5" color="#222222" />'
        f"</mj-attributes><mj-style>{_STYLE}</mj-style></mj-head>"
        '<mj-body background-color="#f4f4f4"><mj-section background-color="#ffffff" padding="24px 8px"><mj-column>'
        f'<mj-text css-class="copy"><h1>{title}</h1></mj-text>'
        f"{block(sheet.paragraphs, 'copy')}{listed if items else ''}{button}{block(sheet.closing, 'copy')}"
        '</mj-column></mj-section><mj-section padding="12px 8px"><mj-column>'
        f"{block(sheet.foot, 'foot', small)}"
        "</mj-column></mj-section></mj-body></mjml>"
    )


def _mark(kind: str, name: str, marks: list[str]) -> str:
    marks.append(name)
    return f"zq{kind}x{len(marks) - 1}qz"


def _marked(nodes: Sequence[Node], marks: list[str]) -> str:
    """A template as text with a sign at each slot and around each block, which the layout passes through unchanged."""
    parts = []
    for node in nodes:
        if isinstance(node, str):
            parts.append(escape(node))
        elif isinstance(node, Fill):
            parts.append(_mark("s", node.name, marks))
        else:
            opened = _mark("y" if node.wanted else "n", node.name, marks)
            parts.append(opened + _marked(node.nodes, marks) + _mark("e", node.name, marks))
    return "".join(parts)


def _nodes(html: str, marks: Sequence[str]) -> list[Node]:
    root: list[Node] = []
    stack: list[tuple[str, bool, list[Node]]] = []
    here, position = root, 0
    for found in _MARK.finditer(html):
        here.append(html[position : found.start()])
        position = found.end()
        kind, name = found.group(1), marks[int(found.group(2))]
        if kind == "s":
            here.append(Fill(name))
        elif kind == "e":
            opened, wanted, nodes = stack.pop()
            here = stack[-1][2] if stack else root
            here.append(Block(opened, wanted, joined(nodes)))
        else:
            stack.append((name, kind == "y", []))
            here = stack[-1][2]
    here.append(html[position:])
    return [node for node in root if node != ""]
