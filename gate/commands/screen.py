"""exam-gate screen: what the candidate's screen needs beside the page itself."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="The candidate's screen: recordings. 考生屏：语音。")
SOUNDS = Path("/usr/share/exam-gate/speech")


@app.callback()
def screen() -> None:
    """Recordings of the candidate's screen. 考生屏语音。"""


@app.command()
def speech(
    out: Annotated[
        Path, typer.Option(help="The folder, as [screen] sounds names it. 输出文件夹。")
    ] = SOUNDS,
) -> None:
    """Speak every sentence of the screen into a file, by espeak-ng. 生成中英文语音提示。"""
    from gate.console.speech_files import make_speech

    made = sum(1 for _ in make_speech(out))
    print(f"{made} recordings in {out}. 已生成 {made} 个语音文件。")
