-- People leave a node behind: the visit is put on record, then they stand at the next one, or at an end. One step of one
-- person is one visit: the key of the table sees to it that none is done twice.
WITH stood AS MATERIALIZED (
    SELECT e.id, e.step, e.node, e.arrived_at
    FROM scenarios_enrolment e
    WHERE e.id = ANY (%(ids)s::bigint[])
),
visited AS (
    INSERT INTO scenarios_visit (enrolment_id, step, node, branch, outcome, publication_id, arrived_at, at)
    SELECT id, step, node, %(branch)s, %(outcome)s, %(publication)s, arrived_at, %(now)s FROM stood
),
counted AS (
    INSERT INTO scenarios_node_tally (scenario_id, node, branch, outcome, slot, people)
    SELECT %(scenario)s, %(node)s, %(branch)s, %(outcome)s, pg_backend_pid() %% 8, count(*) FROM stood
    ON CONFLICT (scenario_id, node, branch, outcome, slot) DO UPDATE SET people = scenarios_node_tally.people + excluded.people
)
UPDATE scenarios_enrolment e
SET node = %(to)s,
    state = %(state)s,
    why = %(why)s,
    step = e.step + 1,
    arrived_at = %(now)s,
    due_at = %(due)s,
    verdict = '',
    skipping = e.skipping AND NOT %(rests)s
FROM stood
WHERE e.id = stood.id
