"""Pieces of a page in both languages. Everything that comes from outside is escaped here."""

from collections.abc import Iterable, Sequence
from html import escape

STYLE = """
:root{color-scheme:light}
body{font:16px/1.55 system-ui,"Noto Sans CJK SC","Microsoft YaHei",sans-serif;color:#1e293b;
background:#fff;max-width:920px;margin:0 auto;padding:28px 20px 60px}
h1{font-size:1.65rem;line-height:1.25;margin:0 0 4px}
h2{font-size:1.2rem;margin:2.2em 0 .5em;border-top:1px solid #cbd5e1;padding-top:.9em}
h3{font-size:1rem;margin:1.4em 0 .2em}
h1 small,h2 small,h3 small{font-weight:400;color:#64748b;margin-left:.5em}
p{margin:.5em 0;max-width:760px}.zh{color:#475569}
.lead{background:#eff6ff;border-left:4px solid #0b6fa4;padding:8px 16px;margin:16px 0}
.lead.no{background:#fef2f2;border-color:#b91c1c}.lead.open{background:#fffbeb;border-color:#b45309}
table{border-collapse:collapse;margin:.7em 0;font-size:.86rem;font-variant-numeric:tabular-nums}
th,td{padding:4px 10px;border-bottom:1px solid #e2e8f0;text-align:right;white-space:nowrap}
th{background:#f8fafc;font-weight:600;vertical-align:bottom;white-space:normal}
th.w,td.w{text-align:left}td.w:last-child{white-space:normal}
td small{color:#64748b;display:block;font-size:.78rem;line-height:1.2}
tr.d td{background:#eff6ff}.scroll{overflow-x:auto}
svg{width:100%;max-width:760px;height:auto;display:block;margin:.6em 0}
svg text{font-size:12px;fill:#334155}.m{text-anchor:middle}.e{text-anchor:end}.t{font-weight:600}
.g{stroke:#e2e8f0;fill:none}.a{stroke:#64748b;fill:none}
.l{stroke:#b91c1c;stroke-dasharray:4 3;fill:none}svg text.n{font-size:11px;fill:#b91c1c}
code{font-size:.85em;word-break:break-all}details{margin:.6em 0}
summary{cursor:pointer;color:#0b6fa4}
@media print{body{padding:0}}
"""


class Raw(str):
    """Text that is HTML already."""

    __slots__ = ()


def page(title: str, title_zh: str, under: str, parts: Iterable[str]) -> str:
    """The whole file."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>\n<body>"
        f"<h1>{escape(title)}<small>{escape(title_zh)}</small></h1>{paragraph(under)}\n"
        + "\n".join(part for part in parts if part)
        + "\n</body></html>\n"
    )


def section(title: str, title_zh: str, *parts: str) -> str:
    """A heading and what stands below it; nothing where nothing stands below."""
    body = "".join(parts)
    return f"<h2>{escape(title)}<small>{escape(title_zh)}</small></h2>{body}" if body else ""


def paragraph(en: str, zh: str = "") -> str:
    """One thought, in one language or both."""
    second = f'<p class="zh">{escape(zh)}</p>' if zh else ""
    return f"<p>{escape(en)}</p>{second}"


def lead(kind: str, *paragraphs: str) -> str:
    """What a reader should take away. `kind`: yes, no or open."""
    return f'<div class="lead {kind}">{"".join(paragraphs)}</div>'


def folded(summary: str, *parts: str) -> str:
    """Details that are shown on request."""
    return f"<details><summary>{escape(summary)}</summary>{''.join(parts)}</details>"


def figure(title: str, title_zh: str, svg: str) -> str:
    """A plot under its own heading."""
    return f"<h3>{escape(title)}<small>{escape(title_zh)}</small></h3>{svg}" if svg else ""


def with_interval(value: str, interval: Sequence[str] | None) -> Raw:
    """A figure with its interval below."""
    small = f"<small>{escape(interval[0])} – {escape(interval[1])}</small>" if interval else ""
    return Raw(f"{escape(value)}{small}")


def table(
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    words: int = 1,
    deciding: Sequence[bool] = (),
    *,
    last_words: bool = False,
) -> str:
    """The first `words` columns, and the last one too with `last_words`, hold words, the others
    figures. `deciding`: rows to highlight. Nothing for no row."""
    if not rows:
        return ""
    marks = [*deciding, *[False] * (len(rows) - len(deciding))]
    worded = {*range(words), *([len(head) - 1] if last_words else [])}
    lines = [f"<tr>{_cells('th', head, worded)}</tr>"]
    for row, marked in zip(rows, marks, strict=True):
        kind = ' class="d"' if marked else ""
        lines.append(f"<tr{kind}>{_cells('td', row, worded)}</tr>")
    return f'<div class="scroll"><table>{"".join(lines)}</table></div>'


def _cells(tag: str, cells: Sequence[str], worded: set[int]) -> str:
    found = []
    for n, cell in enumerate(cells):
        kind = ' class="w"' if n in worded else ""
        text = cell if isinstance(cell, Raw) else escape(cell)
        found.append(f"<{tag}{kind}>{text}</{tag}>")
    return "".join(found)
