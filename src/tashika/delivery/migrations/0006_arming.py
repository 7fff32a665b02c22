"""What an installation is armed for (G13), the hosts that senders work on, and what left without a row."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from tashika.core import sql
from tashika.delivery import states

GUARDS = states.guard("delivery_ledger", states.MOVES) + states.guard("delivery_dispatch", states.DISPATCH_MOVES)


class Migration(migrations.Migration):
    dependencies = [
        ("delivery", "0005_what_senders_say"),
    ]

    operations = [
        migrations.CreateModel(
            name="SenderHost",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=100)),
                ("born", models.CharField(max_length=30)),
                ("copy_of", models.UUIDField(null=True)),
                ("counter", models.BigIntegerField(default=0)),
                ("remembered", models.BigIntegerField(default=0)),
                ("first_seen_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField()),
                ("armed_at", models.DateTimeField(null=True)),
                ("lost_at", models.DateTimeField(null=True)),
                ("compared_at", models.DateTimeField(null=True)),
                ("compared", models.JSONField(default=dict)),
            ],
            options={
                "db_table": "delivery_host",
            },
        ),
        migrations.CreateModel(
            name="Arming",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("place", models.CharField(max_length=80)),
                ("armed_at", models.DateTimeField(null=True)),
                ("armed_by", models.CharField(blank=True, max_length=200)),
                ("unarmed_since", models.DateTimeField(null=True)),
                (
                    "why",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=30), default=list, size=None
                    ),
                ),
            ],
            options={
                "db_table": "delivery_arming",
                "constraints": [models.CheckConstraint(condition=models.Q(("id", 1)), name="delivery_one_arming")],
            },
        ),
        migrations.AddField(
            model_name="sender",
            name="home",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="delivery.senderhost",
            ),
        ),
        migrations.CreateModel(
            name="Unmatched",
            fields=[
                ("message_id", models.UUIDField(primary_key=True, serialize=False)),
                ("row_id", models.BigIntegerField()),
                ("dispatch_id", models.BigIntegerField()),
                ("reason", models.CharField(max_length=60)),
                ("address_hash", models.BinaryField(max_length=32)),
                ("state", models.CharField(max_length=10)),
                ("reply", models.CharField(blank=True, max_length=500)),
                ("sender", models.UUIDField()),
                ("left_by", models.DateTimeField()),
                ("found_at", models.DateTimeField()),
                (
                    "host",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="delivery.senderhost",
                    ),
                ),
            ],
            options={
                "db_table": "delivery_unmatched",
                "indexes": [models.Index(fields=["reason", "address_hash"], name="delivery_unmatched_address")],
            },
        ),
        migrations.RunSQL(sql.load("delivery", "place"), "DROP FUNCTION delivery_place()"),
        migrations.RunSQL(GUARDS, migrations.RunSQL.noop),
    ]
