"""What is kept of what is wrong: values, written in the transaction of what they speak of. Pure."""

from collections.abc import Iterable, Iterator, Sequence

from gate.sync.heartbeat import Heartbeat
from gate.sync.wire import Topics
from office.store.database import Arrival, SecondAdmission, Stored
from office.store.kept_alerts import Alert

_SAID = frozenset({"broker-refused", "receipt-refused", "journal", "double"})
"""Alerts that a gate's uplink knows; any other is kept under one name, so that a gate in wrong
hands fills no table."""


def of_batches(arrivals: Sequence[Arrival], stored: Iterable[Stored], now: str) -> Iterator[Alert]:
    """Conflicts and breaks. `now`: RFC 3339."""
    for arrival, one in zip(arrivals, stored, strict=True):
        batch = arrival.batch
        place = {"gate": batch.gate, "epoch": batch.epoch, "exam": arrival.exam}
        for seq in one.conflicts[:1]:
            yield Alert(
                "conflict",
                now,
                f"Gate {batch.gate} sent another event {seq} than before: a copied card or a "
                "forgery; both are kept.",
                f"闸机 {batch.gate} 的第 {seq} 条记录与先前不同：可能为复制卡或伪造，均已保留。",
                seq=seq,
                site=arrival.site,
                **place,
            )
        if one.broken is not None:
            yield Alert(
                "broken",
                now,
                f"Event {one.broken} of gate {batch.gate} does not follow the one before it: a "
                "copied card or a forgery.",
                f"闸机 {batch.gate} 的第 {one.broken} 条记录与前一条不衔接：可能是复制卡或伪造。",
                seq=one.broken,
                site=arrival.site,
                **place,
            )


def of_second_admissions(found: Iterable[SecondAdmission], now: str) -> Iterator[Alert]:
    """The same person at two gates. `now`: RFC 3339."""
    for one in found:
        who = one.ticket or "a person without a ticket"
        gate, epoch, seq = one.second
        yield Alert(
            "second-admission",
            now,
            f"{who} was let in to paper {one.paper} at {one.first[0]} and at {gate}.",
            f"考生 {one.ticket or '（无准考证号）'} 的科目 {one.paper} 先后在 {one.first[0]} 与 "
            f"{gate} 入场。",
            gate=gate,
            epoch=epoch,
            seq=seq,
            what=f"{one.first[0]} {one.first[1]}-{one.first[2]}",
            exam=one.exam,
        )


def of_claim(beat: Heartbeat, topics: Topics, now: str) -> Alert:
    """A heartbeat that names another event than the one received. `now`: RFC 3339."""
    return Alert(
        "fork",
        now,
        f"Gate {beat.gate} says that event {beat.seq} is another than the one received: a copied "
        "card or a forgery.",
        f"闸机 {beat.gate} 的第 {beat.seq} 条记录与本中心收到的不同：可能是复制卡或伪造。",
        gate=beat.gate,
        epoch=beat.epoch,
        seq=beat.seq,
        exam=topics.exam,
        site=topics.site,
    )


def of_beginning(arrival: Arrival, now: str) -> Alert:
    """A journal that names none before it though one is known. `now`: RFC 3339."""
    gate, epoch = arrival.batch.gate, arrival.batch.epoch
    return Alert(
        "unannounced",
        now,
        f"Journal {epoch} of gate {gate} began without naming the one before it: the card was "
        "wiped, or the unit copied.",
        f"闸机 {gate} 的新日志 {epoch} 未说明前一日志：存储卡可能被清空或设备被复制。",
        gate=gate,
        epoch=epoch,
        exam=arrival.exam,
        site=arrival.site,
    )


def of_note(topics: Topics, said: dict[str, str], now: str) -> Alert:
    """What a gate says of itself, unsigned and bounded. `now`: RFC 3339."""
    name = said.get("alert", "")
    detail = said.get("detail") or said.get("why") or name
    return Alert(
        "gate",
        now,
        detail,
        f"闸机 {topics.gate}：{detail}",
        gate=topics.gate,
        what=name if name in _SAID else "other",
        exam=topics.exam,
        site=topics.site,
    )


def of_outage(began: str, error: str, now: str) -> Alert:
    """The database was away. `began`, `now`: RFC 3339."""
    return Alert(
        "database",
        now,
        f"The database took nothing from {began} to {now} ({error}); receipts were late.",
        f"数据库自 {began} 至 {now} 无法写入（{error}），回执延迟。",
        what=began,
    )
