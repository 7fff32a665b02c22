-- Rows in doubt for which there is evidence, and its words: a report, an open, a click. Only positive evidence: silence
-- says nothing. A report that was tied by the address alone may speak of an earlier mail, and proves nothing. The index
-- delivery_ledger_in_doubt keeps this independent of the ledger's size.
SELECT l.id, coalesce(report.words, event.kind)
FROM delivery_ledger l
LEFT JOIN LATERAL (
    SELECT trim('bounce:' || b.id || ' ' || b.kind || ' ' || b.code) AS words
    FROM delivery_bounce b
    WHERE b.row_id = l.id AND b.tied_by <> 'recipient'
    ORDER BY b.id
    LIMIT 1
) report ON true
LEFT JOIN LATERAL (
    SELECT e.kind
    FROM activity_event e
    WHERE e.dispatch_id = l.dispatch_id AND e.contact_id = l.contact_id AND e.kind IN ('opened', 'clicked')
    LIMIT 1
) event ON true
WHERE l.exception = 'in_doubt'
  AND (%(rows)s::bigint[] IS NULL OR l.id = ANY(%(rows)s::bigint[]))
  AND (report.words IS NOT NULL OR event.kind IS NOT NULL)
