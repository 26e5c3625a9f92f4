"""Header, conversation list and conversation as values."""

from __future__ import annotations

from datetime import date

import pytest

from assistant.agent.events import Brain
from assistant.errors import SnapshotError
from assistant.ui.texts import Texts
from assistant.ui.turns import LiveTurn
from assistant.ui.views import Views
from tests.support.fake_assistant import EXAMPLES, FakeConversations, FakeDesk, FakeShop
from tests.support.hostile import HOSTILE
from tests.ui.test_markup import seen


@pytest.fixture
def conversations() -> FakeConversations:
    return FakeConversations()


@pytest.fixture
def views(conversations: FakeConversations, texts: Texts, tmp_path) -> Views:
    shop = FakeShop()
    return Views(conversations, shop, FakeDesk(tmp_path, shop), texts)


def test_header_says_data_day_and_brain(views: Views):
    text = seen(views.header()).text
    for part in ("Harbour & Home", "Synthetic demo data", "1 March 2024 – 9 March 2026", "Today is 9 March 2026",
                 "41,220 orders", "Answered by built-in planner", "no language model is set", "settings.toml"):
        assert part in text


def test_another_day_is_marked_and_can_be_taken_back(views: Views):
    assert "not the last day" not in seen(views.header()).text
    views._desk.set_as_of(date(2025, 12, 31))
    html = views.header("Done.")
    text = seen(html).text
    for part in ("Today is 31 December 2025", "not the last day of the data", "Back to the last day of the data "
                 "(9 March 2026)", "Done."):
        assert part in text
    assert 'value="2025-12-31"' in html


def test_a_day_of_the_settings_is_what_the_reset_goes_back_to(conversations: FakeConversations, texts: Texts, tmp_path):
    shop = FakeShop()
    desk = FakeDesk(tmp_path, shop)
    views = Views(conversations, shop, desk, texts, "2025-06-30")
    desk.set_as_of(date(2025, 6, 30))
    assert "Back to" not in seen(views.header()).text
    desk.set_as_of(date(2025, 1, 1))
    assert "Back to the day of the settings (30 June 2025)" in seen(views.header()).text


@pytest.mark.parametrize(("brain", "words"), [
    (Brain("builtin:planner", "built-in planner", "r", "h"), "Answered by built-in planner"),
    (Brain("ollama:qwen3:8b", "local model", "r", "h"), "Answered by local model: qwen3:8b"),
    (Brain("openai:some/model", "hosted model", "r", "h"), "Answered by hosted model: some/model"),
])
def test_who_answers_is_said_in_words(views: Views, monkeypatch: pytest.MonkeyPatch, brain: Brain, words: str):
    monkeypatch.setattr(FakeConversations, "brain", lambda _: brain)
    text = seen(views.header()).text
    assert words in text
    assert brain.name in text  # how the settings name it, on demand


def test_header_without_data_says_so(views: Views, monkeypatch: pytest.MonkeyPatch):
    def nothing(_: object) -> None:
        raise SnapshotError("nothing loaded")

    monkeypatch.setattr(FakeShop, "status", nothing)
    assert "No data is loaded yet" in seen(views.header()).text
    assert "No data is loaded yet" in seen(views.hero()).text


def test_empty_conversation_offers_the_examples(views: Views):
    value = views.conversation("")
    assert value["turns"] == []
    assert all(question in seen(value["hero"]).text for question in EXAMPLES)


def test_conversation_shows_history_then_the_running_turn(views: Views, conversations: FakeConversations):
    list(conversations.ask("t", "How much did we sell?"))
    live = LiveTurn("t", "Forecast it")
    value = views.conversation("t", live)
    assert [turn["id"] for turn in value["turns"]] == [conversations.history("t")[0].run_id, live.key]
    assert value["busy"]
    assert value["turns"][0]["plots"]
    assert "Forecast it" in value["turns"][1]["html"]


def test_finished_answers_are_drawn_once(views: Views, conversations: FakeConversations):
    list(conversations.ask("t", "How much did we sell?"))
    first, second = views.conversation("t"), views.conversation("t")
    assert first["turns"][0]["plots"] is second["turns"][0]["plots"]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_titles_stay_text(views: Views, conversations: FakeConversations, text: str):
    list(conversations.ask("t", text))
    page = seen(views.threads("t")["html"])
    assert page.tags <= {"h2", "ul", "li", "button", "span"}
    assert not any(name.startswith("on") for name in page.attributes)


def test_open_conversation_is_marked(views: Views, conversations: FakeConversations):
    list(conversations.ask("t", "one"))
    assert 'aria-current="true"' in views.threads("t")["html"]
    assert 'aria-current="true"' not in views.threads("")["html"]
