"""A relay's pace is shared by all senders; carriers have a pace of their own."""

import django.db.models.deletion
from django.db import migrations, models

from tashika.core import sql


class Migration(migrations.Migration):
    dependencies = [("delivery", "0007_pauses")]
    operations = [
        migrations.AddField("relay", "carrier_pace", models.JSONField(default=dict)),
        migrations.CreateModel(
            "RelayPace",
            [
                (
                    "relay",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="delivery.relay",
                    ),
                ),
                ("next_at", models.DateTimeField()),
            ],
            options={"db_table": "delivery_pace"},
        ),
        migrations.RunSQL(sql.load("delivery", "draw"), "DROP FUNCTION delivery_draw"),
    ]
