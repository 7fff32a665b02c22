-- Draw from a relay's pace for one claim: how many of the %wanted% mails may begin now, whoever sends them and wherever.
-- next_at is when the next mail may begin if the limit is to hold; what is urgent may run ahead of it by six minutes, a
-- tenth of the hour, which bulk makes up for.
CREATE OR REPLACE FUNCTION delivery_draw(relay bigint, per_hour integer, wanted integer, urgent boolean)
RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    span interval := interval '1 hour' / per_hour;
    ahead interval := CASE WHEN urgent THEN interval '6 minutes' ELSE interval '0' END;
    base timestamptz;
    at timestamptz;
    drawn integer;
BEGIN
    INSERT INTO delivery_pace (relay_id, next_at) VALUES (relay, 'epoch') ON CONFLICT DO NOTHING;
    SELECT next_at INTO base FROM delivery_pace WHERE relay_id = relay FOR UPDATE;
    at := clock_timestamp();
    base := greatest(base, at - greatest(span, interval '1 second'));
    drawn := floor(extract(epoch FROM at + ahead - base) / extract(epoch FROM span));
    drawn := greatest(0, least(wanted, drawn));
    UPDATE delivery_pace SET next_at = base + drawn * span WHERE relay_id = relay;
    RETURN drawn;
END $$;
