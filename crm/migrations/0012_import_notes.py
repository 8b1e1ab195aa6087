from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("crm", "0011_source_zones")]

    operations = [
        migrations.AddField(
            model_name="importfile",
            name="notes",
            field=models.JSONField(
                blank=True, default=dict, help_text="What was made of rows beyond reading them: {what: {rows, sample}}."
            ),
        ),
    ]
