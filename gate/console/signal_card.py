"""The card that hangs beside a gate: what lamps and buzzer say. One HTML page, for A4 paper.

Opened in a browser the lamps flash as they do at the gate. On paper they are dots.
"""

from collections.abc import Iterable
from html import escape

from gate.core.reasons import Lamp
from gate.core.signal_guide import GuideRow

_STYLE = """
@page { size: A4; margin: 10mm }
body { font: 15px/1.45 "Noto Sans CJK SC", "Noto Sans SC", sans-serif; color: #111;
  margin: 1rem auto; max-width: 60rem; padding: 0 .75rem }
h1 { font-size: 1.5rem; margin: 0 0 .75rem }
table { border-collapse: collapse; width: 100% }
th, td { border: 1px solid #777; padding: .45rem .6rem; text-align: left; vertical-align: top }
th { background: #eee }
tr { break-inside: avoid }
.en { color: #333; font-size: .87em }
.lamps { white-space: nowrap; width: 5.4rem }
.lamp { border: 2px solid #111; border-radius: 50%; display: inline-block; height: 1.3rem;
  width: 1.3rem; print-color-adjust: exact; -webkit-print-color-adjust: exact }
.off { background: #fff }
.red { background: #d11 }
.yellow { background: #fb0 }
.green { background: #0a4 }
@media print {
  body { font-size: 10px; line-height: 1.3; margin: 0; max-width: none; padding: 0 }
  th, td { padding: .2rem .4rem }
  td:nth-child(2) { width: 22% }
  td:nth-child(3) { width: 42% }
}
@media screen and (max-width: 40rem) {
  table, tbody, tr, td { display: block }
  thead { display: none }
  tr { border: 1px solid #777; margin-bottom: .75rem }
  td { border: 0 }
}
@media screen and (prefers-reduced-motion: no-preference) {
  .slow { animation: slow 1s step-end infinite }
  .fast { animation: slow .25s step-end infinite }
  .double { animation: double 1s step-end infinite }
}
@keyframes slow { 50% { background: #fff } }
@keyframes double { 12.5% { background: #fff } 25% { background: revert-layer }
  37.5% { background: #fff } }
"""


def signal_card(rows: Iterable[GuideRow]) -> str:
    """The whole page; it needs no other file."""
    body = "\n".join(_row(row) for row in rows)
    return f"""<!doctype html>
<html lang="zh">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>闸机指示灯 Lamps of the gate</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>闸机指示灯和蜂鸣器 <span class="en">Lamps and buzzer of the gate</span></h1>
<table>
<thead><tr><th>灯 <span class="en">Lamps</span></th>
<th>看到和听到 <span class="en">Seen and heard</span></th>
<th>含义 <span class="en">Meaning</span></th>
<th>怎么做 <span class="en">What to do</span></th></tr></thead>
<tbody>
{body}
</tbody>
</table>
</body>
</html>
"""


def _row(row: GuideRow) -> str:
    lamps = " ".join(_lamp(lamp, row) for lamp in Lamp)
    said = "".join(f"<div>{_both(*told)}</div>" for told in row.said)
    return (
        f'<tr data-testid="{escape(str(row.pattern))}"><td class="lamps">{lamps}</td>'
        f"<td>{_both(*row.seen)}</td><td>{said}</td><td>{_both(*row.staff_do)}</td></tr>"
    )


def _lamp(lamp: Lamp, row: GuideRow) -> str:
    lit = lamp in row.pattern.lamps
    return f'<span class="lamp {f"{lamp} {row.pattern.rhythm}" if lit else "off"}"></span>'


def _both(zh: str, en: str) -> str:
    return f'{escape(zh)} <span class="en" lang="en">{escape(en)}</span>'
