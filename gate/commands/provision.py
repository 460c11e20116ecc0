"""exam-gate provision: a card, or the running board, becomes the gate of site.toml."""

from pathlib import Path
from typing import Annotated

import typer


def provision(
    site_file: Annotated[Path, typer.Argument(metavar="SITE.toml", help="The unit. 站点文件。")],
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; show what differs; exit 1 if any.")
    ] = False,
    root: Annotated[
        Path, typer.Option(help="Where the card is mounted, boot partition at boot/firmware.")
    ] = Path("/"),
) -> None:
    """Write every file that makes a board a gate. Again, and after an interruption, it writes what
    is still missing. 按站点文件配置闸机；可重复运行，--check 只显示差异。"""
    from gate.errors import InputDamaged
    from gate.platform.regular_file import read_regular
    from gate.provisioning import card
    from gate.provisioning.plan import plan
    from gate.provisioning.site_file import read_site
    from gate.provisioning.writing import differences, write

    try:
        content = read_regular(site_file, 1 << 20)
    except OSError as e:
        raise InputDamaged(
            f"{site_file} cannot be read ({e.strerror}): name the unit's site.toml.",
            f"无法读取 {site_file}：请给出本机的 site.toml。",
        ) from e
    site = read_site(content, str(site_file))
    trixie = card.is_trixie(root)
    existing = card.look(root, site)
    keys = {}
    if site.keys.folder is not None:
        keys = card.read_keys(site_file.resolve().parent / site.keys.folder)
    planned = plan(
        site,
        existing,
        card.read_shipped(),
        keys,
        trixie=trixie,
        packaged=card.is_packaged(root),
    )
    found = differences(root, planned)
    if check:
        for it in found:
            print("\n".join(it.lines))
        print(f"{len(found)} of {len(planned)} differ 项不同")
        raise typer.Exit(1 if found else 0)
    for path in write(root, found):
        print(path)
    print(
        f"{site.unit.id}: {len(found)} of {len(planned)} written; start the board anew. "
        "已完成，请重新启动。"
        if found
        else f"{site.unit.id}: nothing to do. 无需更改。"
    )
