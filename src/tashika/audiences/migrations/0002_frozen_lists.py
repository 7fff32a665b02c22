from django.db import migrations

# G7: the members of a frozen static list stay, whoever writes: looked at once a statement, however many rows it has.
FORWARD = """
CREATE FUNCTION audiences_refuse_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    one bigint;
BEGIN
    FOR one IN SELECT DISTINCT content_id FROM changed ORDER BY content_id LOOP
        PERFORM 1 FROM contents_content WHERE id = one FOR KEY SHARE;
        PERFORM contents_refuse_if_frozen(one);
    END LOOP;
    RETURN NULL;
END $$;
CREATE TRIGGER audiences_frozen_insert AFTER INSERT ON audiences_static_member
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION audiences_refuse_frozen();
CREATE TRIGGER audiences_frozen_delete AFTER DELETE ON audiences_static_member
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION audiences_refuse_frozen();
CREATE TRIGGER audiences_frozen_leave AFTER UPDATE ON audiences_static_member
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION audiences_refuse_frozen();
CREATE TRIGGER audiences_frozen_come AFTER UPDATE ON audiences_static_member
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION audiences_refuse_frozen();
CREATE TRIGGER audiences_no_truncate BEFORE TRUNCATE ON audiences_static_member
    FOR EACH STATEMENT EXECUTE FUNCTION core_refuse_change();
"""
BACKWARD = """
DROP TRIGGER audiences_frozen_insert ON audiences_static_member;
DROP TRIGGER audiences_frozen_delete ON audiences_static_member;
DROP TRIGGER audiences_frozen_leave ON audiences_static_member;
DROP TRIGGER audiences_frozen_come ON audiences_static_member;
DROP TRIGGER audiences_no_truncate ON audiences_static_member;
DROP FUNCTION audiences_refuse_frozen();
"""


class Migration(migrations.Migration):
    dependencies = [("audiences", "0001_initial"), ("contents", "0004_frozen_is_frozen")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
