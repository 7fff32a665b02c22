"""The hours in which bulk leaves."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("delivery", "0008_pace")]
    operations = [
        migrations.CreateModel(
            "SendingWindow",
            [
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("limited", models.BooleanField(default=False)),
                ("begins", models.PositiveSmallIntegerField(default=9)),
                ("ends", models.PositiveSmallIntegerField(default=18)),
                ("days", models.CharField(default="1111100", max_length=7)),
                ("holidays", models.BooleanField(default=False)),
            ],
            options={"db_table": "delivery_sending_window"},
        ),
        migrations.AddConstraint(
            "SendingWindow",
            models.CheckConstraint(condition=models.Q(id=1), name="delivery_one_sending_window"),
        ),
    ]
