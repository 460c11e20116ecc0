"""The oracle is itself tested: every bug of `gate_bugs` and `office_bugs`, and the row whose seeds
must catch it in every test run."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.faults.sim import gate_bugs, office_bugs
from tests.faults.sim.seams import Patch


@dataclass(frozen=True, slots=True)
class Mutant:
    """`row`: whose seeds must catch it."""

    name: str
    row: str
    patches: Callable[[], list[Patch]]


MUTANTS = (
    Mutant("act before commit", "sim-kills", gate_bugs.act_before_commit),
    Mutant("ack before commit", "sim-office", office_bugs.ack_before_commit),
    Mutant("no fsync", "sim-kills", gate_bugs.no_fsync),
    Mutant("seq reused", "sim-kills", gate_bugs.seq_reused),
    Mutant("PUBACK trusted", "sim-network", gate_bugs.puback_trusted),
    Mutant("receipt's signature unchecked", "sim-forged", gate_bugs.receipt_signature_unchecked),
    Mutant("receipt taken without comparing", "sim-forged", gate_bugs.receipt_head_unchecked),
    Mutant("batch's signature unchecked", "sim-forged", office_bugs.batch_signature_unchecked),
    Mutant(
        "batch's events not held against its head", "sim-forged", office_bugs.inner_chain_unchecked
    ),
    Mutant("conflict overwritten", "sim-copied", office_bugs.conflict_overwritten),
    Mutant("generation ignored", "sim-office", office_bugs.generation_ignored),
    Mutant("chain not verified at the start", "sim-altered", gate_bugs.chain_not_verified),
    Mutant("backlog dropped when long", "sim-network", gate_bugs.backlog_dropped),
    Mutant("never resent", "sim-network", gate_bugs.never_resent),
    Mutant("who is inside forgotten", "sim-kills", gate_bugs.who_is_inside_forgotten),
    Mutant("salvage forgotten", "sim-altered", gate_bugs.salvage_forgotten),
    Mutant("refused write taken for done", "sim-card", gate_bugs.refused_write_taken_for_done),
    Mutant("gap taken for whole", "sim-network", office_bugs.gap_taken_for_whole),
)
