"""exam-office import: take in what a gate exported onto a stick."""

import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gate.platform.durable_files import write_file
from gate.platform.program_end import say
from office.home import Home, default_home

if TYPE_CHECKING:
    from office.receiving.importing import Imported

log = logging.getLogger(__name__)


def import_(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Signed exports.")],
    home: Annotated[Path | None, typer.Option(help="The office's folder.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Store what gates exported, as if it had come over the network; may run beside receive. Beside
    each file a signed receipt is left for the gate: FILE.receipt. Exit 1 where something of a file
    is not stored. 导入闸机导出的日志。"""
    from nacl.signing import SigningKey

    from gate.roster.keys import read_key
    from office.receiving import wall_clock
    from office.receiving.authorisation import Authorisation
    from office.receiving.importing import Importer
    from office.receiving.signers import keep_words
    from office.store.opening import begin_generation, open_receiving

    place = Home(home or default_home())
    key = SigningKey(read_key(place.office / "office-signing.key", "the office's signing key"))
    now = wall_clock.now()
    with open_receiving(place) as store:
        keep_words(store, place, key, now)
        if store.generation() is None:
            begin_generation(place, store, 1)
        importer = Importer(Authorisation(place), store, key, now)
        done = [(path, importer.take(path)) for path in files]
    receipts = [_leave_receipt(path, one) for path, one in done]
    if as_json:
        said = [_facts(path, one, left) for (path, one), left in zip(done, receipts, strict=True)]
        say(json.dumps({"files": said}, ensure_ascii=False))
    else:
        for path, one in done:
            for line in _sentence(path, one).splitlines():
                say(line)
    raise typer.Exit(0 if all(one.is_complete for _, one in done) else 1)


def _leave_receipt(path: Path, done: "Imported") -> Path | None:
    """Beside the file; a stick that takes nothing costs the gate its answer and no more."""
    if done.receipt is None:
        return None
    place = path.with_name(f"{path.name}.receipt")
    try:
        write_file(place, done.receipt + b"\n", 0o644)
    except OSError as e:
        log.warning("%s cannot be written (%s): the gate gets no receipt.", place, e.strerror)
        return None
    return place


def _facts(path: Path, done: "Imported", receipt: Path | None) -> dict[str, object]:
    return {
        "file": str(path),
        "gate": done.extent.gate,
        "epoch": done.extent.epoch,
        "first": done.extent.first,
        "last": done.extent.last,
        "batches": done.batches,
        "new": done.events,
        "high": done.high,
        "refused": done.refused,
        "conflicts": done.conflicts,
        "complete": done.is_complete,
        "unannounced": done.is_unannounced,
        "receipt": None if receipt is None else str(receipt),
    }


def _sentence(path: Path, done: "Imported") -> str:
    said = (
        f"{path}: {done.extent.gate} {done.extent.epoch}, events {done.extent.first} to "
        f"{done.extent.last}: {done.events} new, stored without a gap to {done.high}"
    )
    if done.refused:
        said += f"; not taken: {'; '.join(done.refused)}"
    if done.conflicts:
        said += (
            f"; ALARM: another content for {', '.join(map(str, done.conflicts[:20]))}: a copied "
            "card or a forgery, both are kept"
        )
    if done.is_unannounced:
        from office.audit.journal_lineage import ALARM

        said += f"; ALARM: journal {done.extent.epoch} {ALARM}"
    return said + (" 已导入" if done.is_complete else " 未完整导入")
