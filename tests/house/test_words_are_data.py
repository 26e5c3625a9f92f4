"""Words of a language are data: planner code names sets of words and expressions, it does not spell them out."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from assistant.llm.planner.heard import expression, heard
from assistant.llm.planner.language_files import read_yaml

ROOT = Path(__file__).parents[2]
PLANNER = sorted((ROOT / "assistant" / "llm" / "planner").glob("*.py"))
#: Places that spell out what is no word of one language ("5k", "3rd", SQL), or only look like it. Only ever shorten it.
ALLOWED: dict[str, int] = {
    "comparisons": 1, "mentions": 1, "normalise": 3, "patterns": 1, "premises": 1, "requests": 2, "unknown_values": 1,
    "unreadable": 1,
}
#: What of a question is text: attributes, methods and names that hold words as a person typed them.
_TEXT = re.compile(r"(\.lemma|\.word|\.text|\.lower\(\)|\blemmas?(\[.*\])?|\blemma\(.*\))$")
#: Parts of an expression that are no letters of a language: escapes, named groups, flags, ranges.
_NEUTRAL = re.compile(r"\\[a-zA-Z]|\(\?P<\w+>|\(\?[a-z]+[:)]|\(\?P=\w+\)|[A-Za-z0-9]-[A-Za-z0-9]")
#: A name that is given such text is text itself.
_HOLDS_TEXT = re.compile(r"\.lemma\b|\.word\b|\.text\b|\.lower\(\)|\blemma\(")
_METHODS = {"startswith", "endswith", "removeprefix", "removesuffix", "isdisjoint", "intersection"}
_MATCHERS = {"compile", "match", "fullmatch", "search", "sub", "split", "findall", "finditer"}


def _literals(node: ast.AST | None) -> list[str]:
    """Strings of a literal, also of ``frozenset({…})`` and ``"a b".split()``."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.Set | ast.Tuple | ast.List):
        return [s for e in node.elts for s in _literals(e)]
    if isinstance(node, ast.Dict):
        return [s for e in node.keys for s in _literals(e)]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"frozenset", "set", "tuple"}:
        return [s for e in node.args for s in _literals(e)]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "split":
        return _literals(node.func.value)
    return []


def _constants(tree: ast.AST) -> dict[str, list[str]]:
    found = {}
    for node in getattr(tree, "body", []):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found[node.targets[0].id] = _literals(node.value)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found[node.target.id] = _literals(node.value)
    return found


def _text_names(function: ast.AST) -> set[str]:
    """Local names that hold words of a question."""
    return {
        target.id
        for node in ast.walk(function)
        if isinstance(node, ast.Assign) and _HOLDS_TEXT.search(ast.unparse(node.value))
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def spelt_out(source: str) -> list[int]:
    """Lines on which a text is compared with words written in the code."""
    tree = ast.parse(source)
    shared = _constants(tree)
    parts = [n for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef)]
    functions = [f for n in parts for f in (n.body if isinstance(n, ast.ClassDef) else [n])]
    return sorted({line for f in functions for line in _lines(f, shared)} | set(_patterns(tree)))


def _lines(function: ast.AST, shared: dict[str, list[str]]) -> list[int]:
    named = _text_names(function)
    constants = shared | _constants(function)


    def words(node: ast.AST) -> bool:
        said = constants.get(node.id, []) if isinstance(node, ast.Name) else _literals(node)
        return any(re.fullmatch(r"[a-z][a-z' -]+|a", w) for w in said)

    def text(node: ast.AST) -> bool:
        return isinstance(node, ast.Name) and node.id in named or bool(_TEXT.search(ast.unparse(node)))

    found = []
    for node in ast.walk(function):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitAnd | ast.BitOr | ast.Sub):
            sides = [node.left, node.right]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _METHODS:
            sides = [node.func.value, *node.args]
        else:
            continue
        if any(words(a) and text(b) for a in sides for b in sides if a is not b):
            found.append(node.lineno)
    return found


def _patterns(tree: ast.AST) -> Iterator[int]:
    """Lines of regular expressions that spell out words."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _MATCHERS:
            of = node.func.value
            if isinstance(of, ast.Name) and of.id == "re" and node.args:
                first = node.args[0]
                parts = first.values if isinstance(first, ast.JoinedStr) else [first]
                pattern = "".join(s for part in parts for s in _literals(part))
                if re.search(r"[A-Za-z]{2}", _NEUTRAL.sub(" ", pattern)):
                    yield node.lineno


def test_no_words_of_a_language_in_code() -> None:
    found = {path.stem: spelt_out(path.read_text(encoding="utf-8")) for path in PLANNER}
    wrong = {name: lines for name, lines in found.items() if len(lines) != ALLOWED.get(name, 0)}
    assert wrong == {}, "name a set of words with heard(…) in these lines"


def test_spelt_out_words_are_found() -> None:
    code = (
        "import re\n_OPENERS = frozenset({'who', 'whom'})\ndef f(item, items):\n    first = items[0].lemma\n"
        "    if item.lemma == 'the':\n        return 1\n    if first in {'more', 'less'}:\n        return 2\n"
        "    if item.lemma in _OPENERS or item.lemma.startswith('how many'):\n        return 3\n"
        "    return re.sub(r'^(?:the|our) ', '', item.text)\n"
    )
    assert spelt_out(code) == [5, 7, 9, 11]
    assert spelt_out("def f(item):\n    return item.kind == 'word' and item.lemma in heard('who')\n") == []


def _names() -> list[str]:
    """What code asks of the lexicon by name."""
    text = "\n".join(p.read_text(encoding="utf-8") for p in PLANNER if p.stem != "heard")
    return sorted(set(re.findall(r'\bheard\("([a-z_.]+)"\)', text)))


def test_every_set_that_is_named_exists_and_none_is_left_over() -> None:
    raw = read_yaml("en", "small_words")
    held = {name if section == "shared" else f"{section}.{name}" for section, sets in raw.items() for name in sets}
    written = {n for n in held if n.startswith(("brief.", "study_sizes."))}  # named by the goal or thing
    assert set(_names()) <= held
    assert held - set(_names()) <= written
    assert all(len(heard(name)) for name in held)


def test_every_expression_is_used_and_compiles() -> None:
    text = "\n".join(p.read_text(encoding="utf-8") for p in PLANNER if p.stem != "heard")
    named = set(re.findall(r'(?<!\.)\bexpression\("([a-z_.]+)"', text))
    raw = read_yaml("en", "expressions")
    held = {f"{section}.{name}" for section, bodies in raw.items() if section != "macros" for name in bodies}
    assert named == held
    assert all(expression(name, ["word"]).pattern for name in held)
