-- One ledger row per contact of the audience, queued or excluded with its reason; only for who has none yet. How many rows
-- were written, and how many of them are queued.
WITH planned AS (
    INSERT INTO delivery_ledger
        (dispatch_id, contact_id, address, address_key, address_hash, state, why, message_id, merge_values)
    SELECT d.id, c.id, c.email, c.email_key, c.address_hash,
           CASE WHEN judged.why = '' THEN 'queued' ELSE 'excluded' END, judged.why, gen_random_uuid(), {merge_values}
    FROM delivery_dispatch d
    JOIN people_contact c ON c.id IN ({audience})
    LEFT JOIN people_suppression s ON s.address_hash = c.address_hash
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN EXISTS (
                SELECT FROM delivery_unmatched u
                WHERE u.reason = d.reason AND u.address_hash = c.address_hash AND u.state IN ('accepted', 'in_doubt')
            ) THEN 'handed_over'
            ELSE {eligibility}
        END AS why
    ) judged
    WHERE d.id = %s
    ORDER BY c.id
    ON CONFLICT DO NOTHING
    RETURNING id, dispatch_id, state
),
waiting AS (
    INSERT INTO delivery_queue (row_id, dispatch_id, due_at)
    SELECT id, dispatch_id, %s FROM planned WHERE state = 'queued'
)
SELECT count(*), count(*) FILTER (WHERE state = 'queued') FROM planned
