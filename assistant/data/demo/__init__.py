"""The built-in demo shop: seeded, synthetic, with planted truth to grade every model against (docs/demo_shop.md)."""

from assistant.data.demo.build import DEFAULT_SEED, DemoShop, build_demo, ensure_demo, generate
from assistant.data.demo.truth import Truth, load_truth

__all__ = ["DEFAULT_SEED", "DemoShop", "Truth", "build_demo", "ensure_demo", "generate", "load_truth"]
