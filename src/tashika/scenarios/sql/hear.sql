-- What running flows listen to becomes a signal, in the transaction in which it happens: nothing is missed, and what nobody
-- listens to costs a look at a table of a few rows.
CREATE OR REPLACE FUNCTION scenarios_hear_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO scenarios_signal (publication_id, kind, subject, contact_id, at)
    SELECT DISTINCT w.publication_id, w.kind, w.subject, n.contact_id, n.at
    FROM added n
    JOIN scenarios_watch w ON w.kind = n.kind AND w.subject = coalesce(n.mail_number::text, n.detail ->> 'content', '');
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION scenarios_hear_taggings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO scenarios_signal (publication_id, kind, subject, contact_id, at)
    SELECT DISTINCT w.publication_id, w.kind, w.subject, n.contact_id, now()
    FROM changed n
    JOIN scenarios_watch w ON w.kind = TG_ARGV[0] AND w.subject = n.tag_id::text;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION scenarios_hear_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO scenarios_signal (publication_id, kind, subject, contact_id, at)
    SELECT DISTINCT w.publication_id, w.kind, w.subject, n.contact_id, n.at
    FROM added n
    JOIN scenarios_watch w ON w.kind = 'field_changed' AND CASE
        WHEN n.changes ? w.subject THEN true
        WHEN w.subject LIKE 'custom.%' AND n.changes ? 'custom'
            THEN n.changes #> ARRAY['custom', '0', substr(w.subject, 8)]
                IS DISTINCT FROM n.changes #> ARRAY['custom', '1', substr(w.subject, 8)]
        ELSE false
    END
    WHERE n.act = 'updated';
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER scenarios_hear AFTER INSERT ON activity_event REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION scenarios_hear_events();
CREATE OR REPLACE TRIGGER scenarios_hear_added AFTER INSERT ON people_tagging REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION scenarios_hear_taggings('tag_added');
CREATE OR REPLACE TRIGGER scenarios_hear_removed AFTER DELETE ON people_tagging REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION scenarios_hear_taggings('tag_removed');
CREATE OR REPLACE TRIGGER scenarios_hear AFTER INSERT ON people_contact_history REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION scenarios_hear_changes();
