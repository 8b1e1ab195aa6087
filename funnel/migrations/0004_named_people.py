"""The people of a segment are rows of their own, so that they go with an owner whose import is undone."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("funnel", "0003_clocks_and_routing")]

    operations = [
        migrations.CreateModel(
            name="Named",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="crm.owner"
                    ),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="funnel.routingrule"
                    ),
                ),
            ],
            options={"constraints": [models.UniqueConstraint(fields=("rule", "owner"), name="named_once")]},
        ),
        migrations.RunSQL(
            "INSERT INTO funnel_named (rule_id, owner_id) SELECT routingrule_id, owner_id FROM funnel_routingrule_people",
            migrations.RunSQL.noop,
        ),
        migrations.RemoveField(model_name="routingrule", name="people"),
        migrations.AddField(
            model_name="routingrule",
            name="people",
            field=models.ManyToManyField(blank=True, related_name="+", through="funnel.Named", to="crm.owner"),
        ),
    ]
