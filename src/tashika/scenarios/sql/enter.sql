-- A set of contacts enters a flow: one row each, in one statement. Who is in it stays where they are; who was in it comes
-- again only where the flow says so.
INSERT INTO scenarios_enrolment (scenario_id, contact_id, round, node, entered_at, arrived_at, due_at)
SELECT %(scenario)s, c.id, coalesce(before.rounds, 0) + 1, %(node)s, %(now)s, %(now)s, %(now)s
FROM people_contact c
LEFT JOIN LATERAL (
    SELECT max(e.round) AS rounds, bool_or(e.state = 'walking') AS walking
    FROM scenarios_enrolment e
    WHERE e.contact_id = c.id AND e.scenario_id = %(scenario)s
) before ON true
WHERE c.id IN ({audience})
  AND (before.rounds IS NULL OR (%(again)s AND NOT before.walking))
ON CONFLICT DO NOTHING
