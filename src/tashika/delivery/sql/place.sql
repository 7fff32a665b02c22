-- Where this database is: system identifier, timeline, and the ids of the database and of our table in it. A clone made by
-- initdb and pg_restore has another first part, a promoted standby the next timeline, a dump restored in place another
-- last part. pg_walfile_name knows a promotion at once, pg_control_checkpoint() only after the next checkpoint.
CREATE OR REPLACE FUNCTION delivery_place() RETURNS text LANGUAGE sql STABLE AS $$
    SELECT concat_ws('/',
        (SELECT system_identifier FROM pg_control_system()),
        ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::int,
        (SELECT oid FROM pg_database WHERE datname = current_database()),
        'delivery_arming'::regclass::oid)
$$;
