"""Who signed: two names are two people only where they differ to the eye."""

import unicodedata

_SEEN = frozenset("LMNPS")
"""Letters, marks, numbers, punctuation and symbols; nothing else leaves ink."""

_UNSEEN = frozenset(
    map(
        chr,
        (
            0x034F,
            0x115F,
            0x1160,
            0x17B4,
            0x17B5,
            *range(0x180B, 0x1810),
            0x2800,
            0x3164,
            *range(0xFE00, 0xFE10),
            0xFFA0,
            *range(0xE0100, 0xE01F0),
        ),
    )
)
"""Letters, marks and symbols of Unicode that are drawn as nothing: fillers, variation selectors,
the empty braille cell (DerivedCoreProperties, Default_Ignorable_Code_Point)."""


def signature_form(name: str) -> str:
    """What is left of a name after NFKC, without blanks, invisible marks and case; empty where it
    names nobody."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return "".join(c for c in folded if unicodedata.category(c)[0] in _SEEN and c not in _UNSEEN)


def are_two(first: str, second: str) -> bool:
    """Whether these are the signatures of two people."""
    one, other = signature_form(first), signature_form(second)
    return bool(one) and bool(other) and one != other
