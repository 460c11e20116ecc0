"""Text from outside as it may reach a terminal or a log: what a person sees is what is there.

Allowed are letters, marks, numbers, punctuation, symbols and the blank. Characters that Python's
tables do not know yet or that are of private use are allowed too, because names hold them.
Everything else is shown as its JSON escape. That means control characters (an escape sequence, a
forged line), bidirectional marks (text that reads in another order) and characters without width.
"""

import unicodedata

_REFUSED = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""General categories (Unicode 15, 4.5). Of the separators only the blanks, Zs, are seen."""


def printable(text: str) -> str:
    """`text` with each other character as \\uXXXX, a pair of them beyond the basic plane."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if is_printable(c) else _escaped(c) for c in text)


def is_printable(text: str) -> bool:
    """Whether every character of `text` is allowed."""
    return all(unicodedata.category(c) not in _REFUSED for c in text)


def _escaped(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[n : n + 2].hex()}" for n in range(0, len(units), 2))
