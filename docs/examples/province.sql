-- In the office's database of a province, once: what the nation's copy gets.
-- `office` stays: its generation is this database's own. So do alerts that name no gate.
-- PostgreSQL 15 or newer, wal_level = logical.
CREATE PUBLICATION province FOR TABLE
    event, conflict, mark, signed_head, claim, gate_key, receipt, settlement,
    gate_state, gate_said, command, command_target, command_result,
    alert WHERE (gate <> '')
WITH (publish = 'insert, update, delete', publish_via_partition_root = true);
