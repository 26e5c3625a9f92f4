"""Colours and type of the page. System fonts only: nothing is fetched."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradio.themes.base import Base

FONTS = ["ui-sans-serif", "system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "Helvetica Neue", "Arial",
         "sans-serif"]
MONO = ["ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "Liberation Mono", "monospace"]


def make_theme() -> Base:
    """The page's theme, light and dark."""
    from gradio.themes.base import Base
    from gradio.themes.utils import colors, sizes

    theme = Base(
        primary_hue=colors.blue, neutral_hue=colors.zinc, radius_size=sizes.radius_lg, font=FONTS, font_mono=MONO,
    )
    return theme.set(
        body_background_fill="#f6f6f4", body_background_fill_dark="#141518",
        block_background_fill="#ffffff", block_background_fill_dark="#1d1f23",
        background_fill_primary="#ffffff", background_fill_primary_dark="#1d1f23",
        background_fill_secondary="#f0f0ed", background_fill_secondary_dark="#191b1f",
        border_color_primary="#e2e2dd", border_color_primary_dark="#33363d",
        body_text_color="#1d1f23", body_text_color_dark="#ececea",
        body_text_color_subdued="#5c6068", body_text_color_subdued_dark="#a6aab2",
        button_primary_background_fill="#2b5bd7", button_primary_background_fill_dark="#3b6fe0",
        button_primary_background_fill_hover="#234cb8", button_primary_background_fill_hover_dark="#4c7ceb",
        button_primary_text_color="#ffffff", button_primary_text_color_dark="#ffffff",
        block_border_width="1px", block_shadow="none", input_background_fill="#ffffff",
        input_background_fill_dark="#191b1f",
    )
