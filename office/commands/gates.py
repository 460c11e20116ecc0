"""exam-office gates: which units the office knows, and striking one off."""

import json
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gate.errors import UsageError
from office.audit.journal_lineage import ALARM
from office.home import Home, default_home
from office.keys.hand_over import private_keys

if TYPE_CHECKING:
    from office.distribution.configuration import GateConfiguration
    from office.keys.enrolment import Enrolment

app = typer.Typer(no_args_is_help=True, help="The units that this office knows. 已登记的闸机。")

_HomeOption = Annotated[Path | None, typer.Option("--home", help="The office's folder.")]


@app.command("list")
def list_(
    home: _HomeOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Every unit with its site, its exams, its configuration where that is not as desired, and why
    it was struck off. 列出闸机。"""
    from office.keys.enrolment import known_gates

    place = Home(home or default_home())
    known = known_gates(place)
    alarms = _alarms(place, list(known))
    set_ = _configurations(place)
    if as_json:
        facts = {
            gate: _facts(place, enrolled)
            | {"unannounced": alarms[gate], "configuration": set_[gate].facts()}
            for gate, enrolled in known.items()
        }
        print(json.dumps({"gates": facts}, ensure_ascii=False))
        return
    if not known:
        print(
            f"No unit is enrolled in {place.root}: exam-office keys --gate ID enrols one. "
            "尚未登记任何闸机：请运行 exam-office keys --gate 编号。"
        )
    for gate, enrolled in known.items():
        state = f"struck off: {enrolled.revoked} 已吊销" if enrolled.revoked else "enrolled 已登记"
        here = ", PRIVATE KEYS STILL HERE 私钥仍在本机" if private_keys(place, gate) else ""
        exams = ", ".join(enrolled.exams) or "-"
        print(f"{gate}: site {enrolled.site}, exams {exams}, {state}{here}")
        for key in set_[gate].differing:
            print(f"{gate}: {key} is not as desired yet 配置尚未生效")
        for epoch in alarms[gate]:
            print(f"{gate}: ALARM: journal {epoch} {ALARM}")


@app.command("hand-over")
def hand_over_(
    gate: Annotated[str, typer.Argument(help="The unit's id.")],
    to: Annotated[Path, typer.Option("--to", help="A folder, such as a USB stick.")],
    home: _HomeOption = None,
) -> None:
    """Copy a unit's keys, certificate and gate.toml to TO/GATE and remove its private keys from
    the office, where nothing needs them. 移交闸机密钥，并从本机删除其私钥。"""
    from office.keys.hand_over import hand_over

    target = hand_over(Home(home or default_home()), gate, to)
    print(
        f"handed over: {target}; its private keys are gone from here. Copy it to /etc/exam-gate of "
        "the unit, then delete it from the stick. 已移交：请复制到闸机后从存储盘删除。"
    )


@app.command()
def revoke(
    gate: Annotated[str, typer.Argument(help="The unit's id.")],
    why: Annotated[str, typer.Option(help="The reason, for the record.")],
    home: _HomeOption = None,
) -> None:
    """Strike a stolen or copied unit off. Nothing it signs is taken from now on, and no roster is
    sealed to it. With the new list of revocations no broker lets it in. 吊销闸机。"""
    from office.keys.certificates import BACKDATED, load_authority, write_revocations
    from office.keys.enrolment import known_gates
    from office.keys.enrolment import revoke as strike_off

    place = Home(home or default_home())
    if gate not in known_gates(place):
        raise UsageError(f"No unit {gate} is enrolled here.", f"没有登记过闸机 {gate}。")
    strike_off(place, gate, f"{why} ({datetime.now(UTC):%Y-%m-%d %H:%M}Z)")
    print(f"struck off: {gate}. exam-office receive refuses it from now on. 已吊销 {gate}。")
    certificates = [place.gate(g) / "gate.crt" for g, e in known_gates(place).items() if e.revoked]
    if not (place.ca / "ca.key").exists() or not all(c.exists() for c in certificates):
        print(
            "The list for the broker was not renewed: bring ca/ca.key and the units' gate.crt back "
            "and run this again. 未更新吊销列表：请取回 ca/ca.key 与 gate.crt 后重新运行。"
        )
        raise typer.Exit(1)
    since = datetime.now(UTC) - BACKDATED
    authority = load_authority(place.ca / "ca.crt", place.ca / "ca.key", since)
    write_revocations(authority, certificates, place.revocations)
    print(
        f"Copy {place.revocations} to the broker and reload it (systemctl reload "
        "exam-office-broker, or SIGHUP). 请复制到消息服务器并重新加载。"
    )


def _alarms(place: Home, gates: list[str]) -> dict[str, list[str]]:
    """Of each gate the journals that began unannounced; none before anything was received."""
    from office.audit.journal_lineage import unannounced
    from office.store.opening import has_received, open_received

    if not has_received(place):
        return {gate: [] for gate in gates}
    with open_received(place) as store:
        return {gate: unannounced(store, gate) for gate in gates}


def _configurations(place: Home) -> "Mapping[str, GateConfiguration]":
    """Of each gate, empty for one that was never configured and never said anything."""
    from office.distribution.configuration import GateConfiguration, configurations
    from office.store.opening import has_received, open_received

    found: defaultdict[str, GateConfiguration] = defaultdict(GateConfiguration)
    if has_received(place):
        with open_received(place) as store:
            found.update(configurations(store))
    return found


def _facts(home: Home, enrolled: "Enrolment") -> dict[str, object]:
    return {
        "site": enrolled.site,
        "exams": list(enrolled.exams),
        "revoked": enrolled.revoked,
        "private_keys_here": bool(private_keys(home, enrolled.gate)),
    }
