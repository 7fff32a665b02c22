-- End what is queued of a stopped dispatch, unsent.
WITH gone AS (
    DELETE FROM delivery_queue WHERE dispatch_id = %s RETURNING row_id
),
moved AS (
    UPDATE delivery_ledger l
    SET state = 'excluded', why = 'skipped'
    FROM gone
    WHERE l.id = gone.row_id AND l.state = 'queued'
    RETURNING l.id
)
SELECT count(*) FROM moved
