-- Count every change of the ledger's states in the statement that makes it, so that figures are exact at any size (G3).
-- A few slots by backend keep senders from waiting for each other; rows are locked in one order, so nobody deadlocks. New rows
-- have slots of their own: who plans or adds may take its time to commit, and no claim, nor the gate behind it, waits for that.
CREATE OR REPLACE FUNCTION delivery_count_new() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO delivery_tally AS t (dispatch_id, state, slot, rows, first_begun_at, last_begun_at)
    SELECT dispatch_id, state, 8 + pg_backend_pid() % 8, count(*), min(begun_at), max(begun_at)
    FROM new_rows GROUP BY dispatch_id, state ORDER BY dispatch_id, state
    ON CONFLICT (dispatch_id, state, slot) DO UPDATE
    SET rows = t.rows + excluded.rows,
        first_begun_at = least(t.first_begun_at, excluded.first_begun_at),
        last_begun_at = greatest(t.last_begun_at, excluded.last_begun_at);
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION delivery_count_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO delivery_tally AS t (dispatch_id, state, slot, rows, first_begun_at, last_begun_at)
    SELECT dispatch_id, state, pg_backend_pid() % 8, sum(change), min(begun_at), max(begun_at)
    FROM (
        SELECT dispatch_id, state, 1 AS change, begun_at FROM new_rows
        UNION ALL
        SELECT dispatch_id, state, -1, NULL FROM old_rows
    ) changed
    GROUP BY dispatch_id, state ORDER BY dispatch_id, state
    ON CONFLICT (dispatch_id, state, slot) DO UPDATE
    SET rows = t.rows + excluded.rows,
        first_begun_at = least(t.first_begun_at, excluded.first_begun_at),
        last_begun_at = greatest(t.last_begun_at, excluded.last_begun_at);
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER delivery_ledger_count_new AFTER INSERT ON delivery_ledger
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION delivery_count_new();
CREATE OR REPLACE TRIGGER delivery_ledger_count_moves AFTER UPDATE ON delivery_ledger
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION delivery_count_moves();
