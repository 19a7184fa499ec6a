"""Reading YAML 1.2 as plain values, with the line of every key; aliases and tags are rejected."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from schemas.documents import DocumentError, KeyPath, Problem, SourceDocument, path_text

_MAX_CHARACTERS = 128 * 1024
_MAX_DEPTH = 12
_TAG_PREFIX = "tag:yaml.org,2002:"
_BOOLEANS = {"true": True, "false": False}


def read_yaml(text: str, name: str, hint: str = "a model is a mapping; begin with `model: NAME`") -> SourceDocument:
    """Plain content of a YAML 1.2 text. DocumentError if it is not YAML, not a mapping, too large or uses aliases.

    `hint` is the message for a text that is not a mapping.
    """
    if len(text) > _MAX_CHARACTERS:
        raise DocumentError((Problem(name, None, "", f"the file is larger than {_MAX_CHARACTERS // 1024} KiB"),))
    root = compose_yaml(text, name)
    if not isinstance(root, MappingNode):
        raise DocumentError((Problem(name, 1, "", hint),))
    return _NodeReader(name).read(root)


def compose_yaml(text: str, name: str) -> Node | None:
    """The nodes of a YAML 1.2 text, with their places. DocumentError if it is not YAML."""
    try:
        root: Node | None = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        raise DocumentError((Problem(name, line, "", f"invalid YAML: {error.problem or error.context}"),)) from None
    except (YAMLError, ValueError, RecursionError) as error:
        raise DocumentError((Problem(name, None, "", f"invalid YAML: {_error_line(error)}"),)) from None
    return root


def _error_line(error: Exception) -> str:
    return "nested too deeply" if isinstance(error, RecursionError) else str(error).partition("\n")[0]


@dataclass(slots=True)
class _NodeReader:
    """Walks the nodes once; rejects what YAML readers interpret differently."""

    name: str
    lines: dict[KeyPath, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    seen_nodes: set[int] = field(default_factory=set)

    def read(self, root: Node) -> SourceDocument:
        content = self._value(root, ())
        if self.problems:
            raise DocumentError(tuple(self.problems))
        return SourceDocument(self.name, content, self.lines)

    def _value(self, node: Node, path: KeyPath) -> Any:
        self.lines.setdefault(path, node.start_mark.line + 1)
        if id(node) in self.seen_nodes:
            self._add_problem(node, path, "aliases (`*name`) are not supported; write the value out")
            return None
        if len(path) > _MAX_DEPTH:
            self._add_problem(node, path, f"nested deeper than {_MAX_DEPTH} levels")
            return None
        self.seen_nodes.add(id(node))
        if isinstance(node, ScalarNode):
            return self._scalar(node, path)
        if isinstance(node, SequenceNode):
            return [self._value(part, (*path, at)) for at, part in enumerate(node.value)]
        return self._mapping(node, path)

    def _mapping(self, node: Node, path: KeyPath) -> dict[str, Any]:
        content: dict[str, Any] = {}
        for key, part in node.value:
            name = self._key(key, path, content)
            if name is not None:
                self.lines[(*path, name)] = key.start_mark.line + 1
                content[name] = self._value(part, (*path, name))
        return content

    def _key(self, key: Node, path: KeyPath, content: dict[str, Any]) -> str | None:
        if not isinstance(key, ScalarNode) or key.tag != f"{_TAG_PREFIX}str":
            self._add_problem(key, path, f"the key {_quoted_key(key)} is not text; put it in quotes")
            return None
        if key.value in content:
            self._add_problem(key, (*path, key.value), "duplicate key")
            return None
        return str(key.value)

    def _scalar(self, node: ScalarNode, path: KeyPath) -> Any:
        kind = str(node.tag).removeprefix(_TAG_PREFIX)
        try:
            return _SCALAR_PARSERS[kind](node.value)
        except KeyError:
            self._add_problem(node, path, f"{node.tag} is not supported; write plain values")
        except (ValueError, OverflowError):
            self._add_problem(node, path, f"{node.value!r} cannot be used")
        return None

    def _add_problem(self, node: Node, path: KeyPath, message: str) -> None:
        self.problems.append(Problem(self.name, node.start_mark.line + 1, path_text(path), message))


def _quoted_key(key: Node) -> str:
    return repr(key.value) if isinstance(key, ScalarNode) else "here"


def _parse_text(text: str) -> str:
    if "\0" in text or any("\ud800" <= sign <= "\udfff" for sign in text):
        raise ValueError(text)
    return text


def _parse_integer(text: str) -> int:
    number = int(text, 0) if text.lstrip("+-").startswith(("0x", "0o")) else int(text)
    if abs(number) >= 2**53:
        raise ValueError(text)
    return number


_SCALAR_PARSERS: dict[str, Callable[[str], Any]] = {
    "str": _parse_text,
    "timestamp": _parse_text,
    "int": _parse_integer,
    "float": lambda text: float(text.replace(".inf", "inf").replace(".nan", "nan")),
    "bool": lambda text: _BOOLEANS.get(text, text),
    "null": lambda _: None,
}
