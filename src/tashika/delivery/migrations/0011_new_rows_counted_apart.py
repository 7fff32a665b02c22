"""New rows of the ledger are counted in slots of their own."""

from django.db import migrations

from tashika.core import sql


class Migration(migrations.Migration):
    dependencies = [("delivery", "0010_relay_queue")]
    operations = [migrations.RunSQL(sql.load("delivery", "tally"), migrations.RunSQL.noop)]
