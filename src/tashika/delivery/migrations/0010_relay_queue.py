"""The queue of this host's Postfix becomes a part of a stop."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("delivery", "0009_sending_window")]
    operations = [
        migrations.AddField("relay", "on_this_host", models.BooleanField(db_default=False, default=False)),
        migrations.AddField("relay", "credit_seconds", models.PositiveSmallIntegerField(db_default=5, default=5)),
        migrations.AddField(
            "relay", "queue_error", models.CharField(blank=True, db_default="", default="", max_length=500)
        ),
        migrations.CreateModel(
            "HeldMail",
            [
                ("row_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("queue_id", models.CharField(max_length=40)),
                ("held_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("held", "Held"),
                            ("released", "Released"),
                            ("deleted", "Deleted"),
                            ("gone", "Gone"),
                        ],
                        max_length=10,
                    ),
                ),
                ("changed_at", models.DateTimeField()),
                (
                    "wish",
                    models.CharField(
                        blank=True, choices=[("", "None"), ("release", "Release"), ("delete", "Delete")], max_length=10
                    ),
                ),
                ("wished_by", models.CharField(blank=True, max_length=200)),
                ("reason", models.CharField(blank=True, max_length=300)),
                (
                    "dispatch",
                    models.ForeignKey(
                        db_index=False, on_delete=models.PROTECT, related_name="+", to="delivery.dispatch"
                    ),
                ),
                (
                    "host",
                    models.ForeignKey(
                        db_index=False, on_delete=models.PROTECT, related_name="+", to="delivery.senderhost"
                    ),
                ),
            ],
            options={
                "db_table": "delivery_held_mail",
                "indexes": [
                    models.Index(fields=["dispatch", "row_id"], name="delivery_held_dispatch"),
                    models.Index(condition=models.Q(state="held"), fields=["host"], name="delivery_held_now"),
                ],
            },
        ),
        migrations.CreateModel(
            "QueueLook",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("figures", models.JSONField(default=dict)),
                ("under_way", models.JSONField(default=list)),
                ("error", models.CharField(blank=True, max_length=500)),
                (
                    "host",
                    models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="delivery.senderhost"),
                ),
                ("stop", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="delivery.stop")),
            ],
            options={
                "db_table": "delivery_queue_look",
                "constraints": [models.UniqueConstraint(fields=("stop", "host"), name="delivery_one_look")],
            },
        ),
    ]
