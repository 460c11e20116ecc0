"""What a list of staff leaves open at a site, told to the office before the day."""

from collections.abc import Iterable, Iterator, Sequence

from gate.core.staff_list import Role, StaffMember


def gaps(staff: Sequence[StaffMember], sites: Iterable[str]) -> Iterator[str]:
    """A sentence for each site of `sites` that has nobody, only one, or no chief examiner."""
    for site in sites:
        here = [member for member in staff if member.site == site]
        if not here:
            yield (
                f"warning: {site} has no staff: its gates ask for no PIN and for one signature. "
                "该考点无监考人员名单：闸机不询问 PIN，只需一人签字。"
            )
        elif len(here) == 1:
            yield (
                f"warning: {site} has one person only: what needs two signatures stays open there. "
                "该考点仅一人，需两人签字的存疑无法结案。"
            )
        if here and not any(member.role is Role.CHIEF for member in here):
            yield f"warning: {site} has no chief examiner. 该考点没有主考。"
