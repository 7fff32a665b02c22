from django.db import migrations

FORWARD = """
CREATE TRIGGER delivery_bounce_raw_is_kept BEFORE UPDATE OR DELETE ON delivery_bounce_raw FOR EACH ROW
    EXECUTE FUNCTION core_refuse_change();
CREATE INDEX delivery_ledger_in_doubt ON delivery_ledger (id) WHERE state = 'in_doubt';
"""
BACKWARD = """
DROP INDEX delivery_ledger_in_doubt;
DROP TRIGGER delivery_bounce_raw_is_kept ON delivery_bounce_raw;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("bounces", "0001_initial"),
        ("core", "0002_audit_only_grows"),
        ("delivery", "0002_states_move_one_way"),
    ]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
