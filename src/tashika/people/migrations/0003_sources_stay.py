from django.db import migrations

FORWARD = """
CREATE TRIGGER people_source_stays BEFORE DELETE ON people_source
    FOR EACH ROW EXECUTE FUNCTION core_refuse_change();
"""
BACKWARD = "DROP TRIGGER people_source_stays ON people_source;"


class Migration(migrations.Migration):
    dependencies = [("people", "0002_search"), ("core", "0002_audit_only_grows")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
