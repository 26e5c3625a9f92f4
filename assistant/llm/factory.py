"""Which language model answers: ``provider:model`` to a chat model, and the choice made for the person.

A model is used because the settings name it. A key or a server that merely happens to be there is not consent.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from assistant.errors import ModelUnavailable, SettingsError
from assistant.plans.brain import Brain
from assistant.plans.shop import Shop
from assistant.settings import Settings

if TYPE_CHECKING:
    from langchain_core.language_models.chat_models import BaseChatModel

PLANNER = "builtin:planner"
HOW_TO_NAME_ONE = ("Set ASSISTANT_LANGUAGE_MODEL (or language_model in settings.toml) to openai:MODEL, ollama:MODEL or "
                   "transformers:FOLDER; see docs/language_models.md.")
HOW_TO_LEAVE = "Set ASSISTANT_BRAIN=builtin:planner to use the built-in planner instead."


def _planner(model: str, settings: Settings, shop: Shop | None) -> BaseChatModel:
    if model != "planner":
        raise SettingsError("There is one built-in language model", received=f"builtin:{model}", valid=[PLANNER])
    from assistant.llm.planner.model import PlannerChatModel

    return PlannerChatModel(shop=shop)


def _compatible(model: str, settings: Settings, url: str, *, needs_key: bool) -> BaseChatModel:
    from assistant.llm.openai_compatible import NO_KEY, OPENAI_URL, CompatibleChatModel

    variable = settings.language_model_key_env
    key = os.environ.get(variable)
    if not key and needs_key:
        raise SettingsError(f"The endpoint {url} needs a key, and the environment variable {variable} is not set",
                            hint="Set it, or name another variable in 'language_model_key_env'.")
    return CompatibleChatModel(
        model=model, base_url=url, api_key=key or NO_KEY, organization="", timeout=settings.language_model_timeout,
        max_retries=1, use_responses_api=False,
        # hosted reasoning models refuse a temperature; everywhere else 0 makes answers repeatable
        temperature=None if url == OPENAI_URL else 0,
    )


def _openai(model: str, settings: Settings, shop: Shop | None) -> BaseChatModel:
    from assistant.llm.openai_compatible import OPENAI_URL, is_this_machine

    url = _checked_url(settings.language_model_url or OPENAI_URL)
    return _compatible(model, settings, url, needs_key=not is_this_machine(url))


def _ollama(model: str, settings: Settings, shop: Shop | None) -> BaseChatModel:
    from assistant.llm.openai_compatible import OLLAMA_URL

    return _compatible(model, settings, _checked_url(settings.language_model_url or OLLAMA_URL), needs_key=False)


def _transformers(model: str, settings: Settings, shop: Shop | None) -> BaseChatModel:
    from assistant.llm.local import TransformersChatModel

    return TransformersChatModel(model_path=model, seconds=settings.language_model_timeout)


PROVIDERS: dict[str, Callable[[str, Settings, Shop | None], Any]] = {
    "builtin": _planner, "openai": _openai, "ollama": _ollama, "transformers": _transformers,
}
FORMS = (PLANNER, "openai:MODEL", "ollama:MODEL", "transformers:FOLDER_OR_NAME")


def _checked_url(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise SettingsError("'language_model_url' is not an http(s) address", received=url,
                            valid=["http://127.0.0.1:8000/v1", "https://…/v1"])
    return url.rstrip("/")


def load_chat_model(spec: str, settings: Settings, *, shop: Shop | None = None) -> BaseChatModel:
    """The chat model that ``provider:model`` names. Nothing is contacted or loaded before the first call.

    Args:
        spec: ``builtin:planner``, ``openai:…`` (any compatible endpoint), ``ollama:…`` or ``transformers:…``.
        shop: what the built-in planner needs to know of the shop.

    Raises:
        SettingsError: unknown provider, no model named, an unusable URL, or a key that is needed and not there.
    """
    provider, separator, model = spec.partition(":")
    make = PROVIDERS.get(provider.strip().lower())
    if make is None or not separator or not model.strip():
        raise SettingsError("A language model is named as provider:model", received=spec, valid=FORMS)
    return make(model.strip(), settings, shop)


def choose_brain(settings: Settings, shop: Shop | None = None) -> tuple[BaseChatModel, Brain]:
    """The chat model that answers, and what to tell the person about it.

    ``auto`` takes the language model that the settings name if it answers a short probe, else the built-in planner.
    Any other value of ``brain`` must work.

    Raises:
        SettingsError: a setting has an unusable value.
        ModelUnavailable: ``brain`` names a model that does not answer.
    """
    if settings.brain == PLANNER:
        return load_chat_model(PLANNER, settings, shop=shop), Brain(
            PLANNER, "built-in planner", "The settings ask for the built-in planner.", HOW_TO_NAME_ONE
        )
    if settings.brain != "auto":
        model = load_chat_model(settings.brain, settings, shop=shop)
        _probe(model)
        return model, Brain(settings.brain, _kind(model), "The settings ask for it, and it answers.", HOW_TO_LEAVE)
    if settings.language_model is None:
        return load_chat_model(PLANNER, settings, shop=shop), Brain(
            PLANNER, "built-in planner", "The settings name no language model.", HOW_TO_NAME_ONE
        )
    if settings.language_model == PLANNER:
        return load_chat_model(PLANNER, settings, shop=shop), Brain(
            PLANNER, "built-in planner", "The settings name the built-in planner.", HOW_TO_NAME_ONE
        )
    try:
        model = load_chat_model(settings.language_model, settings, shop=shop)
        _probe(model)
    except (ModelUnavailable, SettingsError) as error:
        reason = f"The settings name {settings.language_model}, but it cannot be used: {error}"
        return load_chat_model(PLANNER, settings, shop=shop), Brain(
            PLANNER, "built-in planner", reason, f"Correct that and start again. {HOW_TO_NAME_ONE}"
        )
    return model, Brain(
        settings.language_model, _kind(model), "The settings name it, and it answers.", HOW_TO_LEAVE
    )


def _probe(model: BaseChatModel) -> None:
    """Raise ModelUnavailable unless the model answers. The built-in planner always does."""
    probe = getattr(model, "probe", None)
    if probe is not None:
        probe()


def _kind(model: BaseChatModel) -> str:
    url = getattr(model, "openai_api_base", None)
    if url is not None:
        from assistant.llm.openai_compatible import is_this_machine

        return "local model" if is_this_machine(url) else "hosted model"
    return "local model" if model._llm_type == "transformers" else "built-in planner"
