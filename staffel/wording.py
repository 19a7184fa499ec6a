"""Words that commands and alerts share."""


def counted(number: int, what: str) -> str:
    """`1 fact`, `2 facts`."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
