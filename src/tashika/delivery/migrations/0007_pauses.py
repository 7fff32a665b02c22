"""What is refused for our own fault is paused and loses nobody."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("delivery", "0006_arming")]
    operations = [
        migrations.AddField("dispatch", "pauses", models.PositiveSmallIntegerField(db_default=0, default=0)),
        migrations.AddField("dispatch", "paused_until", models.DateTimeField(null=True)),
        migrations.AddField(
            "dispatch", "paused_why", models.CharField(blank=True, db_default="", default="", max_length=500)
        ),
        migrations.AddField("relay", "paused_until", models.DateTimeField(null=True)),
    ]
