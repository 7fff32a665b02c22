"""Rows of the ledger may be notices to our own staff. They have an index of their own; those of contacts stay as they are."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("delivery", "0011_new_rows_counted_apart")]
    operations = [
        migrations.AddField("dispatch", "to_staff", models.BooleanField(db_default=False, default=False)),
        migrations.AlterField("ledgerrow", "contact_id", models.BigIntegerField(null=True)),
        migrations.AddField("ledgerrow", "about_id", models.BigIntegerField(null=True)),
        migrations.AddField("ledgerrow", "staff_id", models.BigIntegerField(null=True)),
        migrations.RemoveConstraint("ledgerrow", "delivery_once_per_address"),
        migrations.AddConstraint(
            "ledgerrow",
            models.UniqueConstraint(
                condition=models.Q(
                    models.Q(("exception", None), models.Q(("exception", "excluded"), _negated=True), _connector="OR"),
                    ("staff_id", None),
                ),
                fields=("dispatch", "address_key"),
                name="delivery_once_per_address",
            ),
        ),
        migrations.AddConstraint(
            "ledgerrow",
            models.UniqueConstraint(
                condition=models.Q(staff_id__isnull=False),
                fields=("dispatch", "about_id", "staff_id"),
                name="delivery_once_per_notice",
            ),
        ),
        migrations.AddConstraint(
            "ledgerrow",
            models.CheckConstraint(
                condition=models.Q(
                    models.Q(("about_id", None), ("contact_id__isnull", False), ("staff_id", None)),
                    models.Q(("about_id__isnull", False), ("contact_id", None), ("staff_id__isnull", False)),
                    _connector="OR",
                ),
                name="delivery_ledger_for_whom",
            ),
        ),
    ]
