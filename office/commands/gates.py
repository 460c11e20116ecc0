"""exam-office gates: which units the office knows, and striking one off."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gate.errors import UsageError
from office.home import Home, default_home

if TYPE_CHECKING:
    from office.enrolment import Enrolment

app = typer.Typer(no_args_is_help=True, help="The units that this office knows. 已登记的闸机。")

_HomeOption = Annotated[Path | None, typer.Option("--home", help="The office's folder.")]


@app.command("list")
def list_(
    home: _HomeOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Every unit with its site, its exams, and why it was struck off. 列出闸机。"""
    from office.enrolment import known_gates

    known = known_gates(Home(home or default_home()))
    if as_json:
        print(json.dumps({"gates": {g: _facts(e) for g, e in known.items()}}, ensure_ascii=False))
        return
    for gate, enrolled in known.items():
        state = f"struck off: {enrolled.revoked} 已吊销" if enrolled.revoked else "enrolled 已登记"
        print(f"{gate}: site {enrolled.site}, exams {', '.join(enrolled.exams) or '-'}, {state}")


@app.command()
def revoke(
    gate: Annotated[str, typer.Argument(help="The unit's id.")],
    why: Annotated[str, typer.Option(help="The reason, for the record.")],
    home: _HomeOption = None,
) -> None:
    """Strike a stolen or copied unit off: nothing it signs is taken from now on, no roster is
    sealed to it, and with the new list of revocations no broker lets it in. 吊销闸机。"""
    from office.certificates import BACKDATED, load_authority, write_revocations
    from office.enrolment import known_gates
    from office.enrolment import revoke as strike_off

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
    print(f"Copy {place.revocations} to the broker and restart it. 请复制到消息服务器并重启。")


def _facts(enrolled: "Enrolment") -> dict[str, object]:
    return {"site": enrolled.site, "exams": list(enrolled.exams), "revoked": enrolled.revoked}
