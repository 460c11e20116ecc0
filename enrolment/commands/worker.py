"""exam-enrol worker."""

import time
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from enrolment.commands.places import Database, Media, RoundId, opened

PAUSE_S = 1.0


def worker(
    round_id: RoundId,
    *,
    once: Annotated[bool, typer.Option("--once", help="End when nothing is left to do.")] = False,
    models: Annotated[
        Path | None,
        typer.Option("--models", metavar="DIR", help="Else the user's cache."),
    ] = None,
    database: Database = None,
    media: Media = None,
) -> None:
    """Judge uploads; exam-enrol serve does what events ask for. Any number of workers may run; one
    that is killed loses nothing. 处理上传检查。"""
    from enrolment.check_worker import CheckWorker
    from enrolment.checks.network_checks import NetworkChecks
    from gate.models.network_files import default_folder

    store = opened(database, media, round_id)
    store.round()
    checks = CheckWorker(store, NetworkChecks(models or default_folder()))
    done = 0
    while True:
        worked = checks.work(datetime.now().astimezone(), at_most=1)
        done += worked
        if worked:
            continue
        if once:
            break
        time.sleep(PAUSE_S)
    print(f"worker: {done} task(s) done 已完成")
