"""Names to models, and the choice of who answers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from assistant.errors import ModelUnavailable, SettingsError
from assistant.llm.factory import PLANNER, choose_brain, load_chat_model
from assistant.settings import Settings
from tests.llm.test_openai_compatible import shop_model
from tests.support.completions_server import completions_server, free_port_url


@pytest.mark.parametrize("spec", ["", "planner", "builtin:", "anthropic:claude", ":x", "gpt-4o", "builtin:oracle"])
def test_bad_names_list_the_valid_ones(spec: str) -> None:
    with pytest.raises(SettingsError, match=PLANNER):
        load_chat_model(spec, Settings())


def test_each_provider_gives_its_model() -> None:
    url = free_port_url()
    assert load_chat_model("builtin:planner", Settings())._llm_type not in {"openai-compatible", "transformers"}
    assert load_chat_model("OpenAI:m", Settings(language_model_url=url)).openai_api_base == url
    assert load_chat_model("ollama:qwen3:8b", Settings()).openai_api_base == "http://127.0.0.1:11434/v1"
    assert load_chat_model("ollama:qwen3:8b", Settings()).model_name == "qwen3:8b"
    assert load_chat_model("transformers:org/model", Settings()).model_path == "org/model"


def test_a_remote_endpoint_needs_the_named_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "lying around")
    with pytest.raises(SettingsError, match="ASSISTANT_LANGUAGE_MODEL_KEY"):
        load_chat_model("openai:gpt", Settings())
    monkeypatch.setenv("ASSISTANT_LANGUAGE_MODEL_KEY", "given on purpose")
    model = load_chat_model("openai:gpt", Settings())
    assert model.openai_api_base == "https://api.openai.com/v1"
    assert model.openai_api_key.get_secret_value() == "given on purpose"


def test_an_unusable_url_is_named() -> None:
    with pytest.raises(SettingsError, match="ftp://x"):
        load_chat_model("openai:m", Settings(language_model_url="ftp://x"))


def test_by_default_the_planner_answers_even_with_a_key_around(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "lying around")
    monkeypatch.setenv("ASSISTANT_LANGUAGE_MODEL_KEY", "lying around")
    _, brain = choose_brain(Settings())
    assert (brain.name, brain.kind) == (PLANNER, "built-in planner")
    assert "name no language model" in brain.reason
    assert "ASSISTANT_LANGUAGE_MODEL" in brain.how_to_change


def test_auto_takes_a_named_model_that_answers() -> None:
    with completions_server(shop_model, models=["tiny"]) as server:
        model, brain = choose_brain(Settings(language_model="openai:tiny", language_model_url=server.url))
        assert model.invoke("Hello").text.startswith("Hello")
    assert (brain.name, brain.kind) == ("openai:tiny", "local model")
    assert "answers" in brain.reason


@pytest.mark.parametrize("named", ["openai:tiny", "ollama:tiny", "transformers:/nowhere", "nonsense"])
def test_auto_falls_back_and_says_why(named: str) -> None:
    _, brain = choose_brain(Settings(language_model=named, language_model_url=free_port_url()))
    assert brain.name == PLANNER
    assert named in brain.reason
    assert "cannot be used" in brain.reason


def test_auto_does_not_take_a_model_that_the_server_does_not_have() -> None:
    with completions_server(shop_model, models=["other"]) as server:
        _, brain = choose_brain(Settings(language_model="openai:tiny", language_model_url=server.url))
    assert brain.name == PLANNER
    assert "other" in brain.reason


def test_a_demanded_brain_must_answer() -> None:
    with pytest.raises(ModelUnavailable):
        choose_brain(Settings(brain="openai:tiny", language_model_url=free_port_url()))
    with completions_server(shop_model, models=["tiny"]) as server:
        _, brain = choose_brain(Settings(brain="openai:tiny", language_model_url=server.url))
    assert brain.name == "openai:tiny"


def test_the_planner_can_be_demanded() -> None:
    with completions_server(shop_model, models=["tiny"]) as server:
        settings = Settings(brain=PLANNER, language_model="openai:tiny", language_model_url=server.url)
        assert choose_brain(settings)[1].name == PLANNER
        assert server.requests == []
        assert server.keys == []


def test_a_server_elsewhere_is_called_hosted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_LANGUAGE_MODEL_KEY", "k")
    monkeypatch.setattr("assistant.llm.openai_compatible.CompatibleChatModel.probe", lambda self: None)
    _, brain = choose_brain(Settings(language_model="openai:m", language_model_url="https://models.example/v1"))
    assert brain.kind == "hosted model"


def test_the_factory_is_light() -> None:
    code = ("import sys, assistant.llm.factory; print([m for m in ('torch', 'transformers', 'openai',"
            " 'langchain_openai', 'langchain_core') if m in sys.modules])")
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert done.stdout.strip() == "[]"
