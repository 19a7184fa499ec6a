"""Texts that commands and processes share."""


def quantity(number: int, noun: str) -> str:
    """`1 fact`, `2 facts`, `2 mismatches`."""
    plural = f"{noun}es" if noun.endswith(("s", "x", "ch", "sh")) else f"{noun}s"
    return f"{number} {noun if number == 1 else plural}"
