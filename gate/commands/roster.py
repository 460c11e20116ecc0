"""exam-gate roster: install, status, wipe."""

import json
import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gate.config.settings import DEFAULT, Settings, load
from gate.core.local_time import date_time_text, in_fixed_offset, local_day
from gate.errors import Refused, UsageError

if TYPE_CHECKING:
    from gate.roster.manifest import Manifest

app = typer.Typer(no_args_is_help=True, help="The candidates of this site. 考生名册。")

ConfigFile = Annotated[Path, typer.Option("--config", help="The unit's gate.toml.")]


@app.command()
def install(
    path: Annotated[Path, typer.Argument(help="A folder such as a USB stick, or a manifest.")],
    config: ConfigFile = DEFAULT,
) -> None:
    """Check and install a roster. Whatever fails leaves the installed one as it was. 安装名册。"""
    from gate.models.rate_coverage import requiring_rates
    from gate.roster import install as installing

    settings = load(config)
    _check_user(settings.paths.state)
    unit = settings.unit
    done = installing.install(
        path,
        settings.paths.state,
        gate=unit.id,
        site=unit.site,
        now=_now(),
        accept=requiring_rates(),
        **_keys(settings),
    )
    said = "already installed" if done.already else "installed"
    print(f"{said}: {_line(done.manifest)}")


@app.command()
def status(
    config: ConfigFile = DEFAULT,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """What is installed, checked again. Exit 1 where there is none. 查看名册。"""
    from gate.drivers.clock import SystemClock
    from gate.models.rate_coverage import requiring_rates
    from gate.roster import install as installing

    settings = load(config)
    manifest = installing.status(
        settings.paths.state, settings.unit.id, accept=requiring_rates(), **_keys(settings)
    )
    if manifest is None:
        print("No roster is installed: exam-gate roster install PATH. 未安装名册。")
        raise typer.Exit(1)
    if as_json:
        print(json.dumps(_facts(manifest), ensure_ascii=False))
        return
    print(f"installed: {_line(manifest)}")
    now = SystemClock().now()
    if not now.trusted:
        print("The clock is not trusted: whether it has expired is not known. 时钟未校准。")
    elif now.at >= manifest.expires:
        print(
            f"expired by this unit's clock ({date_time_text(now.at, manifest.exam.zone)}): out of "
            "use. If the clock is wrong, put it right; if it is right, the running gate destroys "
            "it once that is confirmed (exam-gate clock status), or now: exam-gate roster wipe "
            "--yes. 已过期停用：时钟有误请校准；无误则确认后自动销毁，或运行 roster wipe --yes。"
        )
        raise typer.Exit(1)


@app.command()
def wipe(
    config: ConfigFile = DEFAULT,
    yes: Annotated[bool, typer.Option("--yes", help="Do it.")] = False,
) -> None:
    """Destroy every roster and evidence picture of this unit: sealed keys first, then files; a
    certificate goes into the journal. 销毁名册与证据。"""
    from gate.drivers.clock import SystemClock
    from gate.roster import retention

    if not yes:
        raise UsageError(
            "This destroys every roster and evidence picture of this unit for good: say --yes.",
            "此操作将永久销毁本机全部名册与证据照片：确认请加 --yes。",
        )
    settings = load(config)
    _check_user(settings.paths.state)
    destroyed = retention.wipe(settings.paths.state, _now(), SystemClock().now().trusted)
    for name in destroyed:
        print(f"destroyed: {name}: keys overwritten, file removed 已销毁")
    if destroyed:
        print(
            "The journal gets a certificate from the running gate, or at its next start. A memory "
            "card may keep old blocks: without the unit's sealing key nothing opens in them. "
            "日志将记录销毁证明。"
        )
    if not destroyed:
        print("Nothing to destroy: no roster is installed. 无名册可销毁。")


def _check_user(state: Path) -> None:
    """What root makes in the unit's folder, the running gate could not read."""
    if os.geteuid() != 0 or not state.exists() or (owner := _owner(state)) == "root":
        return
    raise Refused(
        f"{state} belongs to {owner}: run this as that user, sudo -u {owner} exam-gate roster …",
        f"{state} 属于用户 {owner}：请用 sudo -u {owner} 运行本命令。",
        path=str(state),
    )


def _owner(folder: Path) -> str:
    try:
        return folder.owner()
    except KeyError:  # a card from another machine: its user has no name here
        return f"#{folder.stat().st_uid}"


def _keys(settings: Settings) -> dict[str, bytes]:
    from gate.roster.keys import read_key

    return {
        "office_public_key": read_key(settings.keys.office, "the office's public key"),
        "sealing_private_key": read_key(settings.keys.sealing, "this gate's sealing key"),
    }


def _now() -> datetime:
    return datetime.now().astimezone()


def _line(manifest: "Manifest") -> str:
    counts = manifest.counts
    return (
        f"{manifest.name}, {counts['candidates']} candidates "
        f"({counts['with_reference']} with a reference), cohort {counts['cohort']}, "
        f"until {local_day(manifest.expires, manifest.exam.zone)}"
    )


def _facts(manifest: "Manifest") -> dict[str, object]:
    return {
        "roster": manifest.name,
        "exam": manifest.exam.id,
        "site": manifest.site,
        "version": manifest.version,
        "timezone": manifest.exam.timezone,
        "not_before": in_fixed_offset(manifest.not_before, manifest.exam.zone).isoformat(),
        "expires": in_fixed_offset(manifest.expires, manifest.exam.zone).isoformat(),
        "sha256": manifest.sha256,
        **manifest.counts,
    }
