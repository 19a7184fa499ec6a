"""Adding entries to a list of a YAML text that people wrote: everything else keeps its place, and its comments."""

from collections.abc import Sequence

from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from schemas.documents import KeyPath, path_text
from schemas.yaml_documents import compose_yaml

Entry = tuple[str, str]
"""A plain value, and a comment for lists that have a line for each."""


def with_entries(text: str, name: str, path: KeyPath, entries: Sequence[Entry]) -> str:
    """The text with these entries at the end of the list at `path`, which is written if it is not there yet.

    The mapping around the list has to be there. ValueError if it is not, or if something else is in its place.
    """
    parent = _node_at(compose_yaml(text, name), path[:-1])
    if not isinstance(parent, MappingNode):
        raise ValueError(f"{path_text(path[:-1])} is not there, or is no mapping")
    node = next((value for key, value in parent.value if key.value == path[-1]), None)
    if node is None:
        place, addition = _new_list(text, parent, str(path[-1]), entries)
    elif isinstance(node, SequenceNode):
        place, addition = _more_entries(text, node, entries)
    else:
        raise ValueError(f"{path_text(path)} is no list")
    return text[:place] + addition + text[place:]


def _node_at(node: Node | None, path: KeyPath) -> Node | None:
    for part in path:
        if isinstance(node, MappingNode):
            node = next((value for key, value in node.value if key.value == part), None)
        elif isinstance(node, SequenceNode) and isinstance(part, int):
            node = node.value[part] if part < len(node.value) else None
        else:
            return None
    return node


def _new_list(text: str, parent: MappingNode, key: str, entries: Sequence[Entry]) -> tuple[int, str]:
    values = ", ".join(value for value, _ in entries)
    if not parent.flow_style:
        indent = " " * parent.value[0][0].start_mark.column
        return _line_after(text, parent, [f"{indent}{key}:", *_lines(f"{indent}  ", entries)])
    if parent.value:
        return _end_of(parent.value[-1][1]), f", {key}: [{values}]"
    return parent.start_mark.index + 1, f"{key}: [{values}]"


def _more_entries(text: str, node: SequenceNode, entries: Sequence[Entry]) -> tuple[int, str]:
    values = ", ".join(value for value, _ in entries)
    if not node.flow_style:
        return _line_after(text, node, _lines(" " * node.start_mark.column, entries))
    if node.value:
        return _end_of(node.value[-1]), f", {values}"
    return node.start_mark.index + 1, values


def _lines(indent: str, entries: Sequence[Entry]) -> list[str]:
    return [f"{indent}- {value}{f'  # {comment}' if comment else ''}" for value, comment in entries]


def _line_after(text: str, node: Node, lines: list[str]) -> tuple[int, str]:
    """Where the next line after a node begins, and the lines with the line ends of this text."""
    ending = "\r\n" if "\r\n" in text else "\n"
    place = text.find("\n", _end_of(node)) + 1
    whole = "".join(f"{line}{ending}" for line in lines)
    return (place, whole) if place else (len(text), ending + whole)


def _end_of(node: Node) -> int:
    """Behind the last sign of a node; the end mark of a block collection lies behind comments that follow it."""
    while isinstance(node, MappingNode | SequenceNode) and not node.flow_style and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(node, MappingNode) else last
    return int(node.end_mark.index)
