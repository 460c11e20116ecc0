"""The JSON of run.py as bars (SVG) and as a table for the docs (on standard output):
chart.py RESULT.json OUT.svg. Also takes what scripts/bench --json wrote."""

import json
import sys
from html import escape
from pathlib import Path
from typing import Any

WIDTH, LEFT, TOP, ROW, BAR = 760, 250, 62, 40, 14
COLOURS = {"1": "#31688e", "2": "#8fb8d0"}


def drawn(report: dict[str, Any]) -> str:
    peers = report["peers"]
    longest = max(ms for p in peers.values() for ms in p["ms"].values())
    scale = (WIDTH - LEFT - 70) / longest
    height = TOP + ROW * len(peers) + 20
    rows = [_row(n, name, peer["ms"], scale) for n, (name, peer) in enumerate(peers.items())]
    title = "Decoded 640x480 picture to a template, milliseconds (shorter is better)"
    legend = "".join(
        f'<rect x="{LEFT + 110 * n}" y="34" width="12" height="12" fill="{colour}"/>'
        f'<text x="{LEFT + 18 + 110 * n}" y="44">{threads} thread{"s" * (threads != "1")}</text>'
        for n, (threads, colour) in enumerate(COLOURS.items())
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'font-family="sans-serif" font-size="12">\n<title>{title}</title>\n'
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>\n'
        f'<text x="12" y="20" font-size="14">{title}</text>\n{legend}\n'
        + "\n".join(rows)
        + f'\n<text x="12" y="{height - 6}" font-size="10" fill="#555555">'
        f"{escape(report['machine'])}, {report['date']}</text>\n</svg>\n"
    )


def table(report: dict[str, Any]) -> str:
    """Markdown: one line a peer, then how many times faster the gate is."""
    lines = [
        f"{report['date']}, {report['machine']}; {report['pictures']}, {report['rounds']} rounds, "
        "medians.",
        "",
        "| | ms, 1 thread | ms, 2 threads | pairs judged rightly | genuine above every impostor "
        "| resident MiB | import to first match | packages + networks, MB |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, p in report["peers"].items():
        right = p["accuracy"]
        lines.append(
            f"| {name} | {p['ms']['1']:.1f} | {p['ms']['2']:.1f} "
            f"| {right['share_right']:.4f} of {right['pairs']} "
            f"| {right['genuine_above_every_impostor']:.4f} | {p['resident_mb']:.0f} "
            f"| {p['import_to_first_match_s']:.2f} s "
            f"| {p['packages_mb']:.0f} + {p['networks_mb']:.0f} |"
        )
    lines += ["", "| times faster | 1 thread | 2 threads | processor |", "|---|---|---|---|"]
    for name, by in report["ratios"].items():
        lines.append(f"| {name} | {by['1']:.2f} | {by['2']:.2f} | {by['processor']} |")
    return "\n".join(lines)


def _row(place: int, name: str, ms: dict[str, float], scale: float) -> str:
    y = TOP + ROW * place
    parts = [f'<text x="{LEFT - 10}" y="{y + 19}" text-anchor="end">{escape(name)}</text>']
    for n, (threads, value) in enumerate(ms.items()):
        top = y + n * (BAR + 1)
        width = max(1.0, value * scale)
        parts.append(
            f'<rect x="{LEFT}" y="{top}" width="{width:.1f}" height="{BAR}" '
            f'fill="{COLOURS[threads]}"/>'
        )
        parts.append(f'<text x="{LEFT + width + 6:.1f}" y="{top + 11}">{value:.1f}</text>')
    return "".join(parts)


if __name__ == "__main__":
    result = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    whole = result if "machine" in result else result["peers"]
    Path(sys.argv[2]).write_text(drawn(whole), encoding="utf-8")
    print(table(whole))
