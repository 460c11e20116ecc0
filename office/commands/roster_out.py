"""exam-office roster publish and serve, and rollout: rosters on their way to the gates."""

import json
import logging
import signal
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from gate.errors import InputDamaged, NetworkFault, UsageError
from office.home import Home, default_home

_HomeOption = Annotated[Path | None, typer.Option("--home", help="The office's folder.")]


def publish(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Of roster build --out.")],
    *,
    home: _HomeOption = None,
    spread_min: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=360,
            help="Gates fetch within so many minutes: 60 for a first version, 1 for a later one.",
        ),
    ] = None,
) -> None:
    """Publish every site's newest roster: `receive` announces it, `roster serve` gives it out.
    Exit 5: a newer version is out already. 发布名册。"""
    from nacl.signing import SigningKey

    from gate.roster.keys import read_key
    from office.distribution.published import manifests_in
    from office.distribution.published import publish as publish_one

    place = Home(home or default_home())
    key = SigningKey(read_key(place.office / "office-signing.key", "the office's signing key"))
    spread_s = None if spread_min is None else spread_min * 60
    for path in manifests_in(folder):
        done = publish_one(place, path, key, datetime.now(UTC), spread_s)
        print(f"published: {done.notice.name}, fetched within {done.notice.spread_s} s 已发布")


def serve(
    *,
    listen: Annotated[str, typer.Option(help="Address and port.")] = "0.0.0.0:8444",
    home: _HomeOption = None,
    certificate: Annotated[
        Path | None, typer.Option(help="Of this server; the broker's unless named.")
    ] = None,
    key: Annotated[Path | None, typer.Option(help="Its key.")] = None,
) -> None:
    """Give the published rosters out to the gates until SIGTERM, over HTTPS with certificates on
    both sides. 提供名册下载。"""
    from gate.platform.log_lines import log_to_stderr
    from office.distribution.content_server import ContentServer

    log_to_stderr(logging.INFO, "%(asctime)s %(levelname)s %(message)s")
    place = Home(home or default_home())
    address, _, port = listen.rpartition(":")
    if not address or not port.isdigit() or not int(port) < 65536:
        raise UsageError(f"--listen takes ADDRESS:PORT, not {listen}.", "--listen 应为 地址:端口。")
    shown = certificate or place.broker / "server.crt", key or place.broker / "server.key"
    if not all(file.exists() for file in shown):
        raise InputDamaged(
            f"No certificate at {shown[0]}: run exam-office keys with --broker, or name one.",
            f"{shown[0]} 处没有证书：请先运行 exam-office keys --broker，或另行指定。",
        )
    try:
        server = ContentServer(place, (address.strip("[]"), int(port)), *shown)
    except OSError as e:
        raise NetworkFault(
            f"Cannot listen at {listen} ({e.strerror or e}): name another address or port.",
            f"无法监听 {listen}（{e.strerror or e}）：请更换地址或端口。",
        ) from e
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    logging.getLogger(__name__).info("Serving rosters at %s:%d.", address, server.port)
    with server:
        server.serve_forever(poll_interval=0.2)


def rollout(
    *,
    home: _HomeOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Which gate has which roster, by its own last word. Exit 1: not every gate has what is
    published. 查看名册下发情况。"""
    from office.distribution.rollout import rows_of

    rows = rows_of(Home(home or default_home()))
    late = [row for row in rows if not row.is_there]
    if as_json:
        gates = {row.gate: row.facts() for row in rows}
        print(json.dumps({"complete": not late, "gates": gates}, ensure_ascii=False))
    else:
        for row in rows:
            print(row.line())
        print(f"{len(rows) - len(late)} of {len(rows)} gates have what is published. 已完成/总数")
    if late:
        raise typer.Exit(1)
