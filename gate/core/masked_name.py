"""A candidate's name as the screen at the gate may show it: enough for its owner, no more. Pure.

Han names keep the surname, and of a single surname with a longer given name the last character too.
Names in several parts and names in other scripts keep the first letter of each part.
"""

import unicodedata

STARS_MAX = 6
"""Of one part: a long name still fits the screen, and its length is nobody's business."""

_COMPOUND = (
    "欧阳太史端木上官司马东方独孤南宫万俟闻人夏侯诸葛尉迟公羊赫连澹台皇甫宗政濮阳公冶"
    "太叔申屠公孙慕容仲孙钟离长孙宇文司徒鲜于司空闾丘子车亓官司寇巫马公西颛孙壤驷公良"
    "漆雕乐正宰父谷梁拓跋夹谷轩辕令狐段干百里呼延东郭南门羊舌微生公户公玉公仪梁丘公仲"
    "公上公门公山公坚左丘公伯西门公祖第五公乘贯丘公皙南荣东里东宫仲长子书子桑即墨达奚"
    "褚师歐陽司馬東方獨孤南宮聞人諸葛尉遲赫連澹臺濮陽公孫仲孫鍾離長孫鮮于"
)
COMPOUND_SURNAMES = frozenset(_COMPOUND[at : at + 2] for at in range(0, len(_COMPOUND), 2))
_BETWEEN = "·•・‧"
"""Stand between the parts of a name, as spaces do."""


def masked_name(name: str) -> str:
    """`name` with stars for most of it; "" for none. What cannot be printed is left out."""
    units = _units(name)
    if all(u == " " or _is_han(u) for u in units):
        return _masked_han([u for u in units if u != " "])
    is_alone = sum(u != " " and u not in _BETWEEN for u in units) < 2
    shown: list[str] = []
    part: list[str] = []
    for unit in (*units, " "):
        if unit != " " and unit not in _BETWEEN:
            part.append(unit)
            continue
        if part:
            kept = part[0] if len(part) > 1 or (not shown and not is_alone) else ""
            shown += [kept + _stars(max(len(part) - 1, not kept)), unit]
        part = []
    return "".join(shown[:-1])


def _masked_han(units: list[str]) -> str:
    if len(units) < 2:
        return _stars(len(units))
    if len(units) > 2 and "".join(units[:2]) in COMPOUND_SURNAMES:
        return "".join(units[:2]) + _stars(len(units) - 2)
    if len(units) > 2:
        return units[0] + _stars(len(units) - 2) + units[-1]
    return units[0] + _stars(1)


def _stars(hidden: int) -> str:
    return "*" * min(hidden, STARS_MAX)


def _units(name: str) -> list[str]:
    """Letters, each with the marks and variation selectors that belong to it."""
    units: list[str] = []
    for letter in name:
        kind = unicodedata.category(letter)
        if kind[0] == "M":
            if units:
                units[-1] += letter
        elif kind[0] not in "CZ" or (kind != "Cs" and _is_han(letter)):
            units.append(letter)
        elif kind == "Zs" or letter in "\t\n":
            units.append(" ")
    return units


def _is_han(unit: str) -> bool:
    """Also of the private area, where old systems keep rare characters, and of planes 2 and 3."""
    at = ord(unit[0])
    return (
        0x3400 <= at <= 0x9FFF
        or 0xF900 <= at <= 0xFAFF
        or 0xE000 <= at <= 0xF8FF
        or 0x20000 <= at <= 0x3FFFF
        or unit[0] == "〇"
    )
