-- Whether the database has forgotten one of these hand-overs: the claim under which it was in hand is not on record, or
-- its row is not, and no journal was compared since.
SELECT EXISTS (
    SELECT
    FROM unnest(%(rows)s::bigint[], %(claims)s::bigint[], %(message_ids)s::uuid[]) AS t(row, claim, message_id)
    LEFT JOIN delivery_ledger l ON l.id = t.row AND l.message_id = t.message_id
    WHERE CASE
        WHEN l.id IS NULL THEN NOT EXISTS (SELECT FROM delivery_unmatched u WHERE u.message_id = t.message_id)
        ELSE l.state IN ('queued', 'sending') AND coalesce(l.claim, 0) < t.claim
    END
)
