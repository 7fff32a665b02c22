from django.db import migrations

from tashika.delivery import states

BACKWARD = """
DROP TRIGGER delivery_ledger_moves ON delivery_ledger;
DROP TRIGGER delivery_ledger_nothing_lost ON delivery_ledger;
DROP FUNCTION delivery_refuse_move();
"""


class Migration(migrations.Migration):
    dependencies = [("delivery", "0001_initial"), ("core", "0002_audit_only_grows")]
    operations = [migrations.RunSQL(states.guard(), BACKWARD)]
