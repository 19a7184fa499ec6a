"""A model's text as plain values, with the line of every key. YAML 1.2, nothing else; never builds objects."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from schemas.documents import ModelError, Path, Problem, Source, key_text

_LARGEST = 128 * 1024
_DEEPEST = 12
_TAG = "tag:yaml.org,2002:"
_BOOLEANS = {"true": True, "false": False}


def read_source(text: str, name: str, begin: str = "a model is a mapping; begin with `model: NAME`") -> Source:
    """Plain content of a YAML 1.2 text. ModelError where it is no YAML, no mapping, too large or uses aliases.

    `begin` says what a mapping would begin with.
    """
    if len(text) > _LARGEST:
        raise ModelError((Problem(name, None, "", f"the file is larger than {_LARGEST // 1024} KiB"),))
    root = _compose(text, name)
    if not isinstance(root, MappingNode):
        raise ModelError((Problem(name, 1, "", begin),))
    return _Reader(name).read(root)


def _compose(text: str, name: str) -> Node | None:
    try:
        root: Node | None = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as broken:
        mark = broken.problem_mark or broken.context_mark
        line = mark.line + 1 if mark else None
        raise ModelError((Problem(name, line, "", f"no YAML: {broken.problem or broken.context}"),)) from None
    except (YAMLError, ValueError, RecursionError) as broken:
        raise ModelError((Problem(name, None, "", f"no YAML: {_first_line(broken)}"),)) from None
    return root


def _first_line(broken: Exception) -> str:
    return "nested too deeply" if isinstance(broken, RecursionError) else str(broken).partition("\n")[0]


@dataclass(slots=True)
class _Reader:
    """Walks the nodes once; refuses what would make two readers differ."""

    name: str
    lines: dict[Path, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    seen: set[int] = field(default_factory=set)

    def read(self, root: Node) -> Source:
        content = self._value(root, ())
        if self.problems:
            raise ModelError(tuple(self.problems))
        return Source(self.name, content, self.lines)

    def _value(self, node: Node, path: Path) -> Any:
        self.lines.setdefault(path, node.start_mark.line + 1)
        if id(node) in self.seen:
            self._refuse(node, path, "aliases (`*name`) are not read; write it out")
            return None
        if len(path) > _DEEPEST:
            self._refuse(node, path, f"nested deeper than {_DEEPEST} levels")
            return None
        self.seen.add(id(node))
        if isinstance(node, ScalarNode):
            return self._scalar(node, path)
        if isinstance(node, SequenceNode):
            return [self._value(part, (*path, at)) for at, part in enumerate(node.value)]
        return self._mapping(node, path)

    def _mapping(self, node: Node, path: Path) -> dict[str, Any]:
        content: dict[str, Any] = {}
        for key, part in node.value:
            name = self._key(key, path, content)
            if name is not None:
                self.lines[(*path, name)] = key.start_mark.line + 1
                content[name] = self._value(part, (*path, name))
        return content

    def _key(self, key: Node, path: Path, content: dict[str, Any]) -> str | None:
        if not isinstance(key, ScalarNode) or key.tag != f"{_TAG}str":
            self._refuse(key, path, f"the key {_shown(key)} is no text; put it in quotes")
            return None
        if key.value in content:
            self._refuse(key, (*path, key.value), "is given twice")
            return None
        return str(key.value)

    def _scalar(self, node: ScalarNode, path: Path) -> Any:
        kind = str(node.tag).removeprefix(_TAG)
        try:
            return _READERS[kind](node.value)
        except KeyError:
            self._refuse(node, path, f"{node.tag} is not read; write plain values")
        except (ValueError, OverflowError):
            self._refuse(node, path, f"{node.value!r} cannot be used")
        return None

    def _refuse(self, node: Node, path: Path, message: str) -> None:
        self.problems.append(Problem(self.name, node.start_mark.line + 1, key_text(path), message))


def _shown(key: Node) -> str:
    return repr(key.value) if isinstance(key, ScalarNode) else "here"


def _text(text: str) -> str:
    if "\0" in text or any("\ud800" <= sign <= "\udfff" for sign in text):
        raise ValueError(text)
    return text


def _integer(text: str) -> int:
    number = int(text, 0) if text.lstrip("+-").startswith(("0x", "0o")) else int(text)
    if abs(number) >= 2**53:
        raise ValueError(text)
    return number


_READERS: dict[str, Callable[[str], Any]] = {
    "str": _text,
    "timestamp": _text,
    "int": _integer,
    "float": lambda text: float(text.replace(".inf", "inf").replace(".nan", "nan")),
    "bool": lambda text: _BOOLEANS.get(text, text),
    "null": lambda _: None,
}
