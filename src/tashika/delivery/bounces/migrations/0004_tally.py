"""How many reports there are of each kind, without counting them."""

from django.db import migrations, models

from tashika.core import sql

BACKWARD = "DROP TRIGGER delivery_bounce_count ON delivery_bounce; DROP FUNCTION delivery_count_bounces()"


class Migration(migrations.Migration):
    dependencies = [("bounces", "0003_doubts_by_exception")]

    operations = [
        migrations.CreateModel(
            name="BounceTally",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "kind", "slot", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("kind", models.CharField(max_length=10)),
                ("slot", models.PositiveSmallIntegerField()),
                ("rows", models.BigIntegerField()),
            ],
            options={"db_table": "delivery_bounce_tally"},
        ),
        migrations.RunSQL(sql.load("delivery.bounces", "tally"), BACKWARD),
    ]
