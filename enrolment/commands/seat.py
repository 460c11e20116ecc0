"""exam-enrol seat."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from enrolment.commands.places import Database, Media, RoundId, opened, text_of
from gate.errors import UsageError


def seat(
    round_id: RoundId,
    exam_file: Annotated[Path, typer.Argument(metavar="EXAM.toml")],
    *,
    rooms: Annotated[
        Path | None,
        typer.Option("--rooms", metavar="ROOMS.csv", help="district,site,room,seats,columns"),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Another seed draws other seats.")] = 1,
    assignment: Annotated[
        Path | None,
        typer.Option("--assignment", metavar="SEATS.csv", help="ticket,paper,site,room,seat"),
    ] = None,
    by: Annotated[str, typer.Option("--by", help="Who seats them, for the records.")] = "office",
    database: Database = None,
    media: Media = None,
) -> None:
    """Give everybody who is registered a site, room and seat. Nobody sits beside a person of the
    same school; --assignment takes seats given by hand. 编排考场。"""
    from enrolment.core.events import Actor, Role, Seated
    from enrolment.handover.lists import read_assignment, read_rooms
    from enrolment.handover.registered import registered
    from enrolment.handover.seat_plan import drawn_plan, papers_of, plan_by_hand
    from gate.roster.exam_data import exam_from_toml

    if (rooms is None) == (assignment is None):
        raise UsageError(
            "Give --rooms to draw the seats, or --assignment for seats given by hand.",
            "请用 --rooms 指定考场，或用 --assignment 指定座位表。",
        )
    store = opened(database, media, round_id)
    of_round, exam = store.round(), exam_from_toml(text_of(exam_file), str(exam_file))
    papers, sites = papers_of(of_round, exam), [s.id for s in exam.sites]
    people = list(registered(store))
    if rooms is not None:
        listed = read_rooms(rooms, [d.id for d in of_round.districts], sites)
        plan = drawn_plan(people, papers, listed, seed)
    elif assignment is not None:
        plan = plan_by_hand(people, papers, read_assignment(assignment, sites))
    at, actor = datetime.now().astimezone(), Actor(Role.STAFF, by)
    changed = [person for person in people if plan[person.id] != person.seats]
    for person in changed:
        event = Seated(at=at, by=actor, seats=plan[person.id])
        store.apply(person.id, event, expected=person.version)
    print(f"seated: {len(people)} candidate(s), {len(changed)} of them changed 已编排考场")
