-- One ledger row per pair of contact and staff user: a notice about the one to the other, queued or excluded with its reason;
-- only for pairs that have none yet. How many rows were written, and how many of them are queued. Its hash names the pair, not
-- the mailbox: a mailbox gets many notices, and each of them once (G1), also after the database was put back (G13).
WITH planned AS (
    INSERT INTO delivery_ledger
        (dispatch_id, about_id, staff_id, address, address_key, address_hash, state, why, message_id, merge_values)
    SELECT d.id, c.id, u.id, u.email, lower(u.email), notice.hash,
           CASE WHEN judged.why = '' THEN 'queued' ELSE 'excluded' END, judged.why, gen_random_uuid(), {merge_values}
    FROM delivery_dispatch d
    JOIN ({pairs}) pair (contact_id, user_id) ON true
    JOIN people_contact c ON c.id = pair.contact_id
    JOIN accounts_user u ON u.id = pair.user_id
    CROSS JOIN LATERAL (SELECT c.id) about
    CROSS JOIN LATERAL (
        SELECT sha256(convert_to('user:' || u.id || ' contact:' || c.id, 'UTF8')) AS hash
    ) notice
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN EXISTS (
                SELECT FROM delivery_unmatched x
                WHERE x.reason = d.reason AND x.address_hash = notice.hash AND x.state IN ('accepted', 'in_doubt')
            ) THEN 'handed_over'
            ELSE {staff_eligibility}
        END AS why
    ) judged
    WHERE d.id = %s
    ORDER BY c.id, u.id
    ON CONFLICT DO NOTHING
    RETURNING id, dispatch_id, state
),
waiting AS (
    INSERT INTO delivery_queue (row_id, dispatch_id, due_at)
    SELECT id, dispatch_id, %s FROM planned WHERE state = 'queued'
)
SELECT count(*), count(*) FILTER (WHERE state = 'queued') FROM planned
