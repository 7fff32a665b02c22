from django.db import migrations

from tashika.delivery import states

NOTHING_LOST = """
CREATE TRIGGER delivery_ledger_nothing_lost BEFORE DELETE ON delivery_ledger FOR EACH ROW
    EXECUTE FUNCTION core_refuse_change();
"""
BACKWARD = """
DROP TRIGGER delivery_ledger_moves ON delivery_ledger;
DROP TRIGGER delivery_ledger_nothing_lost ON delivery_ledger;
DROP FUNCTION delivery_refuse_move();
"""


class Migration(migrations.Migration):
    dependencies = [("delivery", "0001_initial"), ("core", "0002_audit_only_grows")]
    operations = [migrations.RunSQL(states.guard("delivery_ledger", states.MOVES) + NOTHING_LOST, BACKWARD)]
