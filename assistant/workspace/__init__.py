"""The one object a tool receives, and its parts: one module per group of tools."""

from assistant.workspace.workspace import EXAMPLES_SHOWN, Workspace

__all__ = ["EXAMPLES_SHOWN", "Workspace"]
