-- Count reports by kind as they come and when they are read anew: figures for people and for Prometheus cost a few rows
-- however many reports there are. A few slots by backend keep those who read reports from waiting for each other.
CREATE FUNCTION delivery_count_bounces() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO delivery_bounce_tally AS t (kind, slot, rows)
    SELECT kind, pg_backend_pid() % 8, sum(change)
    FROM (
        SELECT NEW.kind AS kind, 1 AS change WHERE TG_OP <> 'DELETE'
        UNION ALL
        SELECT OLD.kind, -1 WHERE TG_OP <> 'INSERT'
    ) changed
    GROUP BY kind ORDER BY kind
    ON CONFLICT (kind, slot) DO UPDATE SET rows = t.rows + excluded.rows;
    RETURN NULL;
END $$;
CREATE TRIGGER delivery_bounce_count AFTER INSERT OR DELETE OR UPDATE OF kind ON delivery_bounce
    FOR EACH ROW EXECUTE FUNCTION delivery_count_bounces();
INSERT INTO delivery_bounce_tally (kind, slot, rows) SELECT kind, 0, count(*) FROM delivery_bounce GROUP BY kind;
