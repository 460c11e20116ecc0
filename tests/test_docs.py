"""Documents cannot lie: commands exist, links lead somewhere, tables are the program's own."""

import re
import shlex
import tomllib
from pathlib import Path
from typing import Any, get_args

import pytest
import typer

from enrolment.__main__ import app as enrolment_app
from gate.__main__ import app as gate_app
from gate.config.settings import Settings
from gate.core.admission import TABLE
from gate.core.reasons import MEANING, SHOW_S, Meaning, Tone
from gate.core.state import Phase
from gate.errors import GateError
from office.__main__ import app as office_app

ROOT = Path(__file__).parent.parent
READMES = (ROOT / "README.md", ROOT / "README.zh-CN.md")
DOCS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("firmware_config/*.md")])
PROGRAMS = {
    "exam-gate": typer.main.get_command(gate_app),
    "exam-office": typer.main.get_command(office_app),
    "exam-enrol": typer.main.get_command(enrolment_app),
}
OPTIONS_OF = {
    "scripts/demo": "demo/__main__.py",
    "scripts/faults": "tests/faults/__main__.py",
    "scripts/worst-gate": "tests/faults/worst_gate/__main__.py",
}
"""Scripts that hand their arguments on; the others read them themselves."""
EVERYWHERE = {"--help", "--database"}
"""Options that stand behind every verb."""
CODE = re.compile(r"```\w*\n(.*?)```|`([^`\n]+)`", re.DOTALL)
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def names(path: Path) -> str:
    return str(path.relative_to(ROOT))


def commands(path: Path) -> list[str]:
    """Every command of ours that stands in a document's code."""
    found = []
    for block, inline in CODE.findall(path.read_text(encoding="utf-8")):
        for line in (block or inline).splitlines():
            text = line.split("#")[0].strip()
            if re.match(r"(exam-gate|exam-office|exam-enrol|scripts/[\w-]+)(\s|$)", text):
                found.append(text)
    return found


@pytest.mark.parametrize("path", DOCS, ids=names)
def test_every_command_exists(path: Path) -> None:
    for text in commands(path):
        program, *words = shlex.split(text)
        if program in PROGRAMS:
            assert_understood(PROGRAMS[program], words, text)
        else:
            assert_script(program, words, text)


def assert_understood(command: Any, words: list[str], text: str) -> None:
    if words and words[0] == "--database":  # exam-office takes it before the verb too
        words = words[2:]
    while words and hasattr(command, "commands") and not words[0].startswith("-"):
        assert words[0] in command.commands, f"{text}: no {words[0]}"
        command = command.commands[words.pop(0)]
    known = {o for p in command.params for o in (*p.opts, *p.secondary_opts)} | EVERYWHERE
    for word in words:
        if word.startswith("-"):
            assert word.split("=")[0] in known, f"{text}: no {word}"


def assert_script(program: str, words: list[str], text: str) -> None:
    script = ROOT / program
    assert script.exists(), text
    assert script.stat().st_mode & 0o111, f"{program} cannot be run"
    options = OPTIONS_OF.get(program, program)
    known = re.findall(r"(?<![\w-])--?[a-z-]+", (ROOT / options).read_text(encoding="utf-8"))
    for word in words:
        assert not word.startswith("-") or word in known, f"{text}: no {word}"


def test_commands_are_looked_for_where_they_stand() -> None:
    assert "scripts/demo" in commands(READMES[0])
    with pytest.raises(AssertionError, match="no nonsense"):
        assert_understood(PROGRAMS["exam-gate"], ["journal", "nonsense"], "x")
    with pytest.raises(AssertionError, match="no --nonsense"):
        assert_understood(PROGRAMS["exam-gate"], ["journal", "show", "--nonsense"], "x")
    for script in (
        "scripts/demo",
        "scripts/faults",
        "scripts/soak",
        "scripts/bench",
        "scripts/worst-gate",
    ):
        with pytest.raises(AssertionError, match="no --js"):
            assert_script(script, ["--js"], "x")


@pytest.mark.parametrize("program", sorted(PROGRAMS))
def test_help_of_every_command_is_in_both_languages(program: str) -> None:
    waiting = [(program, PROGRAMS[program])]
    while waiting:
        name, command = waiting.pop()
        said = command.help or ""
        assert re.search(r"[a-z]{3}", said), f"{name} has no English help"
        assert re.search(r"[\u4e00-\u9fff]{2}", said), f"{name} has no Chinese help"
        waiting += [(f"{name} {n}", c) for n, c in getattr(command, "commands", {}).items()]


def test_both_readmes_name_the_same_commands_and_pages() -> None:
    english, chinese = READMES
    assert commands(english) == commands(chinese)
    targets = [set(LINK.findall(p.read_text(encoding="utf-8"))) for p in READMES]
    assert targets[0] - {"README.zh-CN.md"} == targets[1] - {"README.md"}


def test_readme_leads_to_every_page_and_script() -> None:
    english = READMES[0].read_text(encoding="utf-8")
    pages = {f"docs/{p.name}" for p in ROOT.glob("docs/*.md")}
    assert pages <= set(LINK.findall(english))
    scripts = {f"scripts/{p.name}" for p in ROOT.glob("scripts/*") if is_program(p)}
    assert scripts
    assert scripts <= set(commands(READMES[0]))
    assert scripts <= set(commands(ROOT / "CONTRIBUTING.md"))


def is_program(path: Path) -> bool:
    return path.is_file() and bool(path.stat().st_mode & 0o111)


@pytest.mark.parametrize("path", DOCS, ids=names)
def test_links_lead_somewhere(path: Path) -> None:
    for target in LINK.findall(path.read_text(encoding="utf-8")):
        if not re.match(r"\w+:", target):
            assert (path.parent / target).exists(), f"{names(path)}: {target}"


@pytest.mark.parametrize("path", DOCS, ids=names)
def test_named_files_exist(path: Path) -> None:
    """Paths in code that begin with a folder of this repository."""
    for _, inline in CODE.findall(path.read_text(encoding="utf-8")):
        word = inline.split()[0] if inline else ""
        if re.match(
            r"(gate|office|enrolment|tests|docs|demo|scripts|systemd|firmware_config)/", word
        ):
            assert next(ROOT.glob(word.rstrip("/")), None), f"{names(path)}: {word}"


def test_exit_codes_are_those_of_the_error_tree() -> None:
    table = re.findall(r"^\| (\d+) \|", (ROOT / "docs/operations.md").read_text(), re.MULTILINE)
    raised = {cls.exit_code for cls in all_errors(GateError)}
    assert raised | {0, 1, 2} == {int(code) for code in table}


def all_errors(root: type[GateError]) -> set[type[GateError]]:
    return {root}.union(*(all_errors(cls) for cls in root.__subclasses__()))


def between(name: str, page: str = "docs/admission.md") -> str:
    text = (ROOT / page).read_text(encoding="utf-8")
    return text.split(f"<!-- {name}: begin -->")[1].split(f"<!-- {name}: end -->")[0].strip()


def reasons_table() -> str:
    lines = ["| reason | outcome | lamps | buzzer | 中文 | English |", "|---|---|---|---|---|---|"]
    for reason, meaning in MEANING.items():
        tone = "" if meaning.pattern.tone is Tone.NONE else meaning.pattern.tone.replace("-", " ")
        tone += ", repeated" if meaning.pattern.tone_repeats else ""
        lines.append(
            f"| {reason} | {_outcome(meaning)} | {_lamps(meaning)} | {tone} "
            f"| {meaning.zh} | {meaning.en} |"
        )
    return "\n".join(lines)


def _outcome(meaning: Meaning) -> str:
    outcome = str(meaning.outcome or "none: nothing is decided")
    outcome = f"again, then {outcome}" if meaning.retried else outcome
    return f"{outcome} (doubtful, evidence)" if meaning.doubtful else outcome


def _lamps(meaning: Meaning) -> str:
    pattern = meaning.pattern
    held = f" {pattern.hold_s:g} s" if pattern.hold_s == SHOW_S else ""
    return f"{' '.join(pattern.lamps)} {pattern.rhythm}{held}"


def state_table() -> str:
    phases = list(Phase)
    events = sorted({event for _, event in TABLE}, key=lambda e: e.__name__)
    lines = ["| event | " + " | ".join(phases) + " |", "|---" * (len(phases) + 1) + "|"]
    for event in events:
        cells = [TABLE.get((phase, event)) for phase in phases]
        handled = (cell.__name__.strip("_") if cell else "—" for cell in cells)
        lines.append(f"| {event.__name__} | " + " | ".join(handled) + " |")
    return "\n".join(lines)


@pytest.mark.parametrize(("name", "table"), [("reasons", reasons_table), ("table", state_table)])
def test_tables_are_the_programs_own(name: str, table: object) -> None:
    assert callable(table)
    assert between(name) == table(), f"docs/admission.md, {name}: copy what the test expects"


def settings_table() -> str:
    lines = ["| section | key | default |", "|---|---|---|"]
    for section, field in Settings.model_fields.items():
        of_table = get_args(field.annotation)  # a [[table]] that may stand there several times
        annotation = of_table[0] if of_table else field.annotation
        assert annotation is not None
        for key, inner in annotation.model_fields.items():
            default = "(must be given)" if inner.is_required() else f"`{inner.default}`"
            lines.append(f"| {section} | {key} | {default} |")
    return "\n".join(lines)


def test_every_key_of_a_unit_is_listed_with_its_default() -> None:
    assert between("settings", "docs/operations.md") == settings_table()


def test_examples_of_gate_toml_are_valid() -> None:
    blocks = [b for p in DOCS for b in re.findall(r"```toml\n(.*?)```", p.read_text(), re.DOTALL)]
    assert blocks
    for block in blocks:
        unit = {"unit": {"id": "wh-hs-01-g1", "site": "wh-hs-01"}}
        Settings.model_validate(unit | tomllib.loads(block))


def write_tables() -> None:
    """python -m tests.test_docs: puts the tables into their pages."""
    for page, name, table in (
        ("docs/admission.md", "reasons", reasons_table()),
        ("docs/admission.md", "table", state_table()),
        ("docs/operations.md", "settings", settings_table()),
    ):
        path = ROOT / page
        text = path.read_text(encoding="utf-8")
        begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
        head, _, rest = text.partition(begin)
        text = f"{head}{begin}\n{table}\n{end}{rest.partition(end)[2]}"
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_tables()


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)
def test_no_merge_was_left_half_done(page: Path) -> None:
    marks = re.findall(r"^(?:<{7} |={7}$|>{7} ).*", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert marks == []
