"""Prompts as the agent reads them; the files and their rules are in :mod:`assistant.llm.prompt_files`."""

from assistant.llm.prompt_files import Prompt, load_prompt

__all__ = ["Prompt", "load_prompt"]
