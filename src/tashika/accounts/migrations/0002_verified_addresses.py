"""An address is verified by its owner, or by an administrator's word. Nobody's is by an upgrade."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [
        migrations.AddField(
            "user", "verified_email", models.CharField(blank=True, db_default="", default="", max_length=254)
        ),
        migrations.AddField("user", "verified_at", models.DateTimeField(null=True)),
    ]
