from django.db import migrations

FORWARD = """
CREATE TRIGGER contents_version_immutable BEFORE UPDATE OR DELETE ON contents_version
    FOR EACH ROW EXECUTE FUNCTION core_refuse_change();
"""
BACKWARD = "DROP TRIGGER contents_version_immutable ON contents_version;"


class Migration(migrations.Migration):
    dependencies = [("contents", "0001_initial"), ("core", "0002_audit_only_grows")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
