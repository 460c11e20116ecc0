"""Pieces of a page in both languages, from templates/pieces.html. Whatever is not `Markup` is
escaped there: names of people and files come from outside."""

from collections.abc import Iterable, Sequence
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("gate.calibration.report"),
        autoescape=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )


def _piece(name: str, *arguments: object) -> Markup:
    return Markup(getattr(_environment().get_template("pieces.html").module, name)(*arguments))


def joined(parts: Iterable[Markup]) -> Markup:
    """One after the other."""
    return Markup("").join(parts)


def page(title: str, title_zh: str, under: str, parts: Iterable[Markup]) -> str:
    """The whole file."""
    style = Markup(_environment().get_template("report.css").render())
    return str(_piece("page", title, title_zh, style, paragraph(under), [p for p in parts if p]))


def section(title: str, title_zh: str, *parts: Markup) -> Markup:
    """A heading and what stands below it; nothing where nothing stands below."""
    body = joined(parts)
    return _piece("section", title, title_zh, body) if body else body


def paragraph(en: str, zh: str = "") -> Markup:
    """One thought, in one language or both."""
    return _piece("paragraph", en, zh)


def lead(kind: str, *paragraphs: Markup) -> Markup:
    """What a reader should take away. `kind`: yes, no or open."""
    return _piece("lead", kind, paragraphs)


def folded(summary: str, *parts: Markup) -> Markup:
    """Details that are shown on request."""
    return _piece("folded", summary, parts)


def figure(title: str, title_zh: str, svg: Markup) -> Markup:
    """A plot under its own heading; nothing for no plot."""
    return _piece("figure", title, title_zh, svg) if svg else svg


def with_interval(value: str, interval: Sequence[str] | None) -> Markup:
    """A figure with its interval below."""
    return _piece("with_interval", value, interval)


def table(
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    words: int = 1,
    deciding: Sequence[bool] = (),
    *,
    last_words: bool = False,
) -> Markup:
    """The first `words` columns, and the last one too with `last_words`, hold words, the others
    figures. `deciding`: rows to highlight. Nothing for no row."""
    if not rows:
        return Markup()
    worded = {*range(words), *([len(head) - 1] if last_words else [])}
    return _piece("table", head, rows, worded, {n for n, marked in enumerate(deciding) if marked})
