-- Take up to `most` due rows of a dispatch for one sender, and judge each contact, or staff user, again (G5).
-- One call is one message to the database: while a sender is frozen or cut off, no claim of it stands open and keeps the
-- gate from a stop. The claim itself runs after the gate, so that its snapshot sees every committed stop (G3).
CREATE OR REPLACE FUNCTION pg_temp.delivery_claim(wanted bigint, by_sender uuid, most integer)
RETURNS TABLE (row_id bigint, claim_id bigint, epoch_then integer, to_address varchar, to_hash text, mail_id text,
               its_values text, tries smallint, dispatch_reason varchar)
LANGUAGE plpgsql
-- Rows come by the index, in order: right after planning there are no statistics yet, and all that waits would be sorted.
SET enable_sort = off SET enable_bitmapscan = off
AS $claim$
#variable_conflict use_column
BEGIN
PERFORM pg_advisory_xact_lock_shared({gate});
RETURN QUERY
WITH live AS MATERIALIZED (
    SELECT d.id, d.epoch, d.reason, d.commercial, nextval('delivery_claim_id_seq') AS claim,
           EXISTS (SELECT FROM delivery_unmatched u WHERE u.reason = d.reason) AS left_before
    FROM delivery_dispatch d
    WHERE d.id = wanted
      AND d.state = 'sending'
      AND NOT EXISTS (SELECT FROM delivery_emergency_stop e WHERE e.released_at IS NULL)
      AND EXISTS (SELECT FROM delivery_sender w WHERE w.id = by_sender AND w.ended_at IS NULL AND w.permit_until > now())
),
due AS (
    DELETE FROM delivery_queue q
    WHERE q.ctid = ANY (ARRAY(
        SELECT one.ctid
        FROM delivery_queue one
        WHERE one.dispatch_id = (SELECT live.id FROM live) AND one.due_at <= now()
        ORDER BY one.due_at, one.row_id
        LIMIT most
        FOR UPDATE OF one SKIP LOCKED
    ))
    RETURNING q.row_id
),
judged AS (
    SELECT l.id,
           CASE
               WHEN c.email_key <> l.address_key THEN 'address_changed'
               WHEN d.left_before AND EXISTS (
                   SELECT FROM delivery_unmatched u
                   WHERE u.reason = d.reason AND u.address_hash = l.address_hash AND u.state IN ('accepted', 'in_doubt')
               ) THEN 'handed_over'
               WHEN l.staff_id IS NOT NULL THEN (
                   SELECT CASE WHEN u.email <> l.address THEN 'address_changed' ELSE {staff_eligibility} END
                   FROM (SELECT) notice
                   LEFT JOIN accounts_user u ON u.id = l.staff_id
                   LEFT JOIN people_contact about ON about.id = l.about_id
               )
               ELSE {eligibility}
           END AS why
    FROM due
    JOIN delivery_ledger l ON l.id = due.row_id
    CROSS JOIN live d
    LEFT JOIN people_contact c ON c.id = l.contact_id
    LEFT JOIN people_suppression s ON s.address_hash = l.address_hash
),
moved AS (
    UPDATE delivery_ledger l
    SET state = CASE WHEN judged.why = '' THEN 'sending' ELSE 'excluded' END,
        why = judged.why,
        claim = CASE WHEN judged.why = '' THEN live.claim END
    FROM judged, live
    WHERE l.id = judged.id AND l.state = 'queued'
    RETURNING l.id, l.state, l.address, l.address_hash, l.message_id, l.merge_values, l.attempts
),
held AS (
    INSERT INTO delivery_claim (id, sender_id, dispatch_id, epoch, at, rows)
    SELECT live.claim, by_sender, live.id, live.epoch, now(), taken.ids
    FROM live
    CROSS JOIN (SELECT array_agg(id) AS ids FROM moved WHERE state = 'sending') taken
    WHERE taken.ids IS NOT NULL
)
SELECT moved.id, live.claim, live.epoch, moved.address, encode(moved.address_hash, 'hex'), moved.message_id::text,
       moved.merge_values::text, moved.attempts, live.reason
FROM moved, live
WHERE moved.state = 'sending';
END $claim$
