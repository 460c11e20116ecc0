"""exam-enrol models."""

from pathlib import Path
from typing import Annotated

import typer


def models(
    to: Annotated[
        Path | None, typer.Option("--to", metavar="DIR", help="Else the user's cache.")
    ] = None,
) -> None:
    """Fetch the networks that read cards and hear digits, 175 MB, each checked by SHA-256. Those
    of faces come by exam-gate models build. 下载证件识别与语音模型。"""
    from enrolment.checks.networks import fetch
    from gate.models.network_files import default_folder

    folder = to or default_folder()
    written = fetch(folder)
    print(f"models: {len(written)} file(s) written to {folder} 已写入")
