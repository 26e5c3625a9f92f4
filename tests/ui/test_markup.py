"""Text from anywhere becomes HTML without becoming active."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.results import NumberInReply, Source
from assistant.ui.markup import esc, rich_text, tag
from tests.support.hostile import HOSTILE

ALLOWED = {"p", "br", "ul", "ol", "li", "strong", "code", "h4", "span"}


class Seen(HTMLParser):
    """Collects what a browser would see."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


def seen(html: str) -> Seen:
    parser = Seen()
    parser.feed(html)
    parser.close()
    return parser


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text: str):
    page = seen(rich_text(text))
    assert page.tags <= ALLOWED
    assert page.attributes == set()


@given(st.text(max_size=300))
def test_no_text_makes_other_elements(text: str):
    page = seen(rich_text(text))
    assert page.tags <= ALLOWED
    assert page.attributes == set()


@given(st.text(max_size=100))
def test_attribute_values_cannot_leave_their_quotes(text: str):
    page = seen(tag("span", "x", data_ask=text, title=text))
    assert page.tags == {"span"}
    assert page.attributes == {"data-ask", "title"}


def test_lists_headings_bold():
    html = rich_text("# Head\n\nOne **two**\nthree\n\n- a\n- b\n\n1. x\n2. y")
    assert html == ("<h4>Head</h4><p>One <strong>two</strong><br>three</p><ul><li>a</li><li>b</li></ul>"
                    "<ol><li>x</li><li>y</li></ol>")


def number(text: str, start: int) -> NumberInReply:
    return NumberInReply(text=text, start=start, end=start + len(text), value=1, unit="count", label="n",
                         source=Source(), result=0)


def test_numbers_are_drawn_where_they_stand():
    reply = "Sold **12** of 120 & 12"
    html = rich_text(reply, [number("12", 7), number("120", 15)], lambda i, t: f"<span>{i}:{t}</span>")
    assert html == "<p>Sold <strong><span>0:12</span></strong> of <span>1:120</span> &amp; 12</p>"


def test_wrong_offsets_leave_the_text_alone():
    assert rich_text("Sold 12", [number("99", 5)], lambda i, t: "<span>bad</span>") == "<p>Sold 12</p>"


def test_private_use_marks_in_data_cannot_forge_a_number():
    forged = "\ue1000\ue101 rows 5"
    html = rich_text(forged, [number("5", 9)], lambda i, t: f"<span>{t}</span>")
    assert html.count("<span>") == 1


def test_control_and_direction_signs_go():
    assert esc("\u202eabc\u0000\u2066") == "abc"
