from django.db import migrations

# No index of the ledger names `state`: the moves of the hot path stay on the row's page (see delivery.models).
FORWARD = """
DROP INDEX delivery_ledger_in_doubt;
CREATE INDEX delivery_ledger_in_doubt ON delivery_ledger (id) WHERE exception = 'in_doubt';
"""
BACKWARD = """
DROP INDEX delivery_ledger_in_doubt;
CREATE INDEX delivery_ledger_in_doubt ON delivery_ledger (id) WHERE state = 'in_doubt';
"""


class Migration(migrations.Migration):
    dependencies = [("bounces", "0002_reports_are_kept"), ("delivery", "0004_queue_claims_tally")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
