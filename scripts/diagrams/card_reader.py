"""The card reader's tables as text for docs/card-reader.md.

Drawn from the tables that the program runs by, so that the page cannot say anything else.
"""

from collections import defaultdict

from gate.core.card import DocumentKind, Expiry, IdCard
from gate.drivers.card_reader.presence_table import TABLE, Presence, Sight
from gate.drivers.card_reader.sdt import Command, Request, Status
from gate.drivers.card_reader.sdt_codes import MEANING, REMEDY_OF, StatusRemedy
from gate.drivers.simulated.sdt_cards import SimulatedCard
from gate.drivers.simulated.sdt_chip import FAULTS, Chip, Mode, Place
from scripts.diagrams import markdown

_COLUMNS = (
    Command.FIND,
    Command.SELECT,
    Command.READ,
    Command.NEWEST_ADDRESS,
    Command.CHIP_NUMBER,
)


def state_diagram() -> str:
    """What the watch knows and what leads from one to another."""
    sights: dict[tuple[Presence, Presence], list[str]] = defaultdict(list)
    for (source, sight), (target, tells) in TABLE.items():
        told = f": {' + '.join(tells)}" if tells else ""
        if source is not target or tells:
            sights[source, target].append(f"{sight}{told}")
    lines = ["stateDiagram-v2", f"    [*] --> {Presence.EMPTY.name}"]
    for source, target in sorted(sights, key=lambda edge: tuple(map(list(Presence).index, edge))):
        label = "<br/>".join(sights[source, target]).replace(":", " →")
        lines.append(f"    {source.name} --> {target.name} : {label}")
    return "\n".join(lines)


def states() -> str:
    """Every state and sight: where it leads and what is told; empty where it cannot be."""
    rows = []
    for sight in Sight:
        cells = [TABLE.get((lying, sight)) for lying in Presence]
        rows.append(
            [sight, *(", ".join([cell[0].name, *cell[1]]) if cell else "" for cell in cells)]
        )
    return markdown.table(["a look showed", *(lying.name for lying in Presence)], rows)


def statuses() -> str:
    """Every status by its remedy."""
    rows = [
        [remedy.value, f"{status:02X}", MEANING[status]]
        for remedy in StatusRemedy
        for status in Status
        if REMEDY_OF[status] is remedy
    ]
    return markdown.table(["remedy", "SW3", "meaning"], rows)


def module() -> str:
    """What the simulated module answers in each state, by asking it."""
    rows = []
    for place in Place:
        modes = Mode if place is Place.READ else (Mode.STICKY,)
        for mode in modes:
            name = f"{place.name} ({mode})" if len(modes) > 1 else place.name
            rows.append([name, *(_answer(place, mode, command) for command in _COLUMNS)])
    return markdown.table(["state", *(c.value.hex(" ") for c in _COLUMNS)], rows)


def _answer(place: Place, mode: Mode, command: Command) -> str:
    chip = _at(place, mode)
    replies = [chip.answer(Request(command.value)).sw3]
    moved = chip.place
    if command is Command.FIND and mode is Mode.ALTERNATE and place is Place.READ:
        replies.append(chip.answer(Request(command.value)).sw3)
        moved = chip.place
    said = ", then ".join(f"{sw3:02X}" for sw3 in replies)
    return f"{said} → {moved.name}" if moved is not place else said


def _at(place: Place, mode: Mode) -> Chip:
    chip = Chip(mode)
    if place is not Place.EMPTY:
        number = "11010519491231002X"
        card = IdCard(DocumentKind.RESIDENT, number, "", None, Expiry.UNKNOWN)
        chip.lay(SimulatedCard.of(card, "测试省测试市测试路3号"))
    for command in (Command.FIND, Command.SELECT, Command.READ)[: max(0, _ORDER[place] - 1)]:
        chip.answer(Request(command.value))
    assert chip.place is place
    return chip


_ORDER = {place: n for n, place in enumerate(Place)}


def faults() -> str:
    """What `fault NAME on` does."""
    return markdown.table(["fault", "what happens"], [[k, v] for k, v in FAULTS.items()])


def blocks() -> dict[str, str]:
    """What stands between the marks of docs/card-reader.md."""
    return {
        "states": markdown.mermaid(state_diagram()) + "\n\n" + states(),
        "statuses": statuses(),
        "module": module(),
        "faults": faults(),
    }
