"""exam-office verify: whether what was received, or a file, is whole, unchanged and unforked."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gate.core.json_types import JsonObject
from gate.platform.program_end import say
from office.home import Home, default_home

if TYPE_CHECKING:
    from collections.abc import Callable

    from gate.sync.export_files import Copies


def verify(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FILE]...", help="Exports of gates; else the database."),
    ] = None,
    home: Annotated[Path | None, typer.Option(help="The office's folder.")] = None,
    gate: Annotated[str | None, typer.Option(help="Only this gate.")] = None,
    office: Annotated[
        Path | None, typer.Option(help="The office's public key, office.pub.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Walk the chain of every journal received, or of exported files, for which public keys are
    enough: exit 0 or 1. 校验已收到的全部日志或导出文件。"""
    place = Home(home or default_home())
    if files:
        raise typer.Exit(_verify_files(files, place, office, as_json))
    raise typer.Exit(_verify_received(place, gate, office, as_json))


def _verify_received(place: Home, gate: str | None, office: Path | None, as_json: bool) -> int:
    """`office`: then no other word counts than that of this key, as for an outsider."""
    from office.audit.journal_audit import audit, is_whole, sentence
    from office.audit.journal_lineage import link
    from office.receiving.signers import office_key_of, signers
    from office.store.opening import open_received

    with open_received(place) as store:
        public = office_key_of(office or place.office / "office.pub")
        keys = signers(store, place if office is None else None, public)
        gates: dict[str, JsonObject] = {}
        for name, epoch in store.journals(gate):
            gates.setdefault(name, {})[epoch] = audit(store, name, epoch, keys(name), public)
        for name, journals in gates.items():
            link(store, name, journals)
    if as_json:
        print(json.dumps({"gates": gates}))
    elif not gates:
        of = f" of {gate}" if gate else ""
        print(f"No event{of} was received yet. 尚未收到任何记录。")
    else:
        for name, journals in gates.items():
            for epoch, found in journals.items():
                say(sentence(name, epoch, found))
    whole = [is_whole(f) for journals in gates.values() for f in journals.values()]
    return 0 if whole and all(whole) else 1


def _verify_files(files: list[Path], place: Home, office: Path | None, as_json: bool) -> int:
    """Compared with each other, and with the database where there is one."""
    import contextlib

    from gate.roster.keys import read_key
    from gate.sync import export_files
    from office.receiving.authorisation import Authorisation
    from office.store.opening import has_received, open_received

    key = office or _if_there(place.office / "office.pub")
    public = None if key is None else read_key(key, "the office's public key")
    known = Authorisation(place).signing_key if office is None else lambda _: None
    with contextlib.ExitStack() as stack:
        copies = export_files.Copies()
        if has_received(place):
            copies = export_files.Copies(stack.enter_context(open_received(place)).hash_at)
        found = [_one(path, copies, known, public) for path in files]
    if as_json:
        say(json.dumps({"files": [facts for facts, _, _ in found]}, ensure_ascii=False))
    else:
        for _, said, _ in found:
            for line in said.splitlines():
                say(line)
    return 0 if all(whole for _, _, whole in found) else 1


def _one(
    path: Path, copies: "Copies", known: "Callable[[str], bytes | None]", public: bytes | None
) -> tuple[JsonObject, str, bool]:
    """Facts, sentence, and whether the file is whole: a signed export, or plain events."""
    from gate.sync import export_files, plain_export

    if plain_export.is_plain_export(path):
        plain = plain_export.check_plain(path, copies)
        facts = {"file": str(path), "signer": None, "vouched": None} | plain.facts()
        return facts, f"{path}: {plain.sentence()}", plain.fault is None
    found = export_files.inspected(path, copies, known=known, office_public=public)
    return export_files.facts(path, found), export_files.sentence(path, found), found.is_whole


def _if_there(path: Path) -> Path | None:
    return path if path.exists() else None
