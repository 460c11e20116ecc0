"""What was promised, held against what was seen. Functions of values."""

from collections import Counter
from dataclasses import dataclass, field

RECEIPT_S = 1.0
MEMORY_MB = {"office": 200.0, "broker": 100.0}
"""Of 10^6 bytes, resident."""
TOO_LARGE = "149"


@dataclass(slots=True)
class Record:
    """What a run has recorded.

    `receipts_s`: p50, p99, max and how many. `memory_mb`: (start, most) of each program. `sent`: by
    attack (hostile.py). `guard`, `office`: refusals of the hostile gate by reason. `missing`:
    events of honest gates that the office lacks. `log_lines`: of the office.
    """

    seconds: float
    machine: str
    at: str
    receipts_s: dict[str, float]
    never: int
    resent: int
    downs: int
    memory_mb: dict[str, tuple[float, float]]
    sent: dict[str, dict[str, int]]
    guard: dict[str, int]
    office: dict[str, int]
    office_taken: int
    stored: int
    missing: int
    log_lines: int
    unaccounted: int = 0
    faults: list[str] = field(default_factory=list)


def quantiles(times: list[float]) -> dict[str, float]:
    """Seconds; nearest rank."""
    ranked = sorted(times)
    if not ranked:
        return {"p50": float("inf"), "p99": float("inf"), "max": float("inf"), "count": 0}
    at = {
        name: ranked[min(len(ranked) - 1, int(len(ranked) * q))]
        for name, q in (("p50", 0.5), ("p99", 0.99), ("max", 1.0))
    }
    return {name: round(value, 3) for name, value in at.items()} | {"count": len(ranked)}


def totals(sent: dict[str, dict[str, int]]) -> Counter[str]:
    """Over all attacks."""
    found: Counter[str] = Counter()
    for counts in sent.values():
        found.update(counts)
    return found


def refused_answers(sent: dict[str, dict[str, int]]) -> int:
    """PUBACKs that say no, without those of the broker itself, which are told to the sender."""
    return (
        sum(n for name, n in totals(sent).items() if name.isdigit() and int(name) >= 128)
        - totals(sent)[TOO_LARGE]
    )


def unaccounted(record: Record) -> int:
    """Messages whose PUBACK says that the office has subscribed to them, and that it neither
    refused nor took. A few are delivered twice; QoS 0 and unanswered ones can be counted by nobody:
    the connection ended with them on their way."""
    taken = totals(record.sent)["0"]
    return max(0, taken - record.office_taken - sum(record.office.values()))


def judged(record: Record) -> list[str]:
    """What is worse than promised, in words; nothing where all is well."""
    found = []
    if record.receipts_s["p99"] > RECEIPT_S:
        found.append(f"the slowest receipt in a hundred took {record.receipts_s['p99']} s")
    if record.never:
        found.append(f"{record.never} batches of honest gates never got a receipt")
    if record.missing:
        found.append(f"{record.missing} events of honest gates are not at the office")
    for name, (_, most) in record.memory_mb.items():
        if most > MEMORY_MB[name]:
            found.append(f"the {name} took {most:.0f} MB; promised are {MEMORY_MB[name]:.0f}")
    answered = refused_answers(record.sent)
    counted = sum(n for reason, n in record.guard.items() if reason != "shut-out")
    if counted < answered:
        found.append(f"the guard refused {answered} messages and tells of {counted}")
    if record.unaccounted:
        found.append(f"{record.unaccounted} messages that the broker took are counted nowhere")
    return found


def markdown(record: Record) -> str:
    """For docs/faults.md."""
    r, rows = record.receipts_s, []
    rows.append(f"{record.at}, {record.machine}, {record.seconds:.0f} s.")
    rows.append("\n| what | promised | seen |\n| --- | --- | --- |")
    rows.append(
        f"| receipts of 20 other gates, p50 / p99 / slowest of {r['count']:.0f} "
        f"| p99 at most {RECEIPT_S:g} s | {r['p50']:g} / {r['p99']:g} / {r['max']:g} s |"
    )
    rows.append(
        f"| batches without a receipt; events not stored | 0; 0 | {record.never}; "
        f"{record.missing} |"
    )
    for name, (start, most) in record.memory_mb.items():
        rows.append(
            f"| memory of the {name}, at the start / most | at most "
            f"{MEMORY_MB[name]:.0f} MB | {start:.0f} / {most:.0f} MB |"
        )
    rows.append(f"| taken by the broker and counted nowhere | 0 | {record.unaccounted} |")
    rows.append(f"| lines in the office's log | | {record.log_lines} |")
    rows.append(
        "\n| attack | messages | taken | refused | no answer asked | never answered |"
        " connections | of them refused |\n|---|---|---|---|---|---|---|---|"
    )
    for name, counts in record.sent.items():
        refused = sum(n for k, n in counts.items() if k.isdigit() and int(k) >= 128)
        cells = (
            counts.get("sent", 0),
            counts.get("0", 0) + counts.get("16", 0),
            refused,
            counts.get("qos 0", 0),
            counts.get("unanswered", 0),
            counts.get("connections", 0),
            counts.get("refused connections", 0),
        )
        rows.append(f"| {name} | " + " | ".join(map(str, cells)) + " |")
    rows.append(
        f"\nCounted at the guard: {_listed(record.guard)}. Counted at the office: "
        f"{_listed(record.office)}; messages of it believed: {record.office_taken}."
    )
    rows.append(f"\n**{'; '.join(record.faults) or 'as promised'}**")
    return "\n".join(rows)


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{n} {reason}" for reason, n in sorted(counts.items())) or "nothing"
