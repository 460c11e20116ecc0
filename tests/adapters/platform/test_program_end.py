"""How both programs end when they are called wrongly: in two languages, with exit 2."""

import sys

import pytest

import gate.__main__
import office.__main__

MAINS = {"exam-gate": gate.__main__.main, "exam-office": office.__main__.main}


def ended(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str
) -> tuple[int, str]:
    monkeypatch.setattr(sys, "argv", list(words))
    with pytest.raises(SystemExit) as stopped:
        MAINS[words[0]]()
    return int(stopped.value.code or 0), capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "en", "zh"),
    [
        ("exam-office keys --bogus", "No such option: --bogus", "没有这个选项"),
        ("exam-office nothing", "No such command 'nothing'", "命令用法不正确"),
        ("exam-office roster build", "Missing argument 'EXAM.toml'", "缺少参数"),
        ("exam-office keys --home", "requires an argument", "选项缺少值"),
        ("exam-office keys --not-before yesterday", "Invalid value", "参数的值不正确"),
        ("exam-gate journal show --last few", "Invalid value", "参数的值不正确"),
        ("exam-gate staff --nobody", "No such option", "没有这个选项"),
    ],
)
def test_a_wrong_call_is_told_in_both_languages(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: str,
    en: str,
    zh: str,
) -> None:
    code, said = ended(monkeypatch, capsys, *words.split())
    assert code == 2
    english, chinese = said.strip().splitlines()
    assert en in english
    assert zh in chinese
    assert all("--help" in line for line in (english, chinese))


@pytest.mark.parametrize("program", MAINS)
def test_no_words_at_all_show_the_help(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], program: str
) -> None:
    assert ended(monkeypatch, capsys, program)[0] == 2


def test_a_code_of_a_command_is_the_programs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: str
) -> None:
    words = ("exam-office", "keys", "--home", str(tmp_path), "--gate", "g", "--site", "elsewhere")
    assert ended(monkeypatch, capsys, *words)[0] == 2
    assert ended(monkeypatch, capsys, "exam-office", "version")[0] == 0
