"""A person of each side owns a joint goal; those set before are the leaders', where a side has one alone."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

LEADERS = {"marketing_owner": "cmo", "sales_owner": "cro"}


def name_leaders(apps, schema_editor):
    Goal, User = apps.get_model("kpis", "Goal"), apps.get_model("team", "User")
    for field, role in LEADERS.items():
        leaders = list(User.objects.filter(role=role, is_active=True)[:2])
        if len(leaders) == 1:
            Goal.objects.filter(**{field: None}).update(**{field: leaders[0]})
    # The indexes of the two columns are made after this, which PostgreSQL refuses while checks of the rows wait.
    schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")


class Migration(migrations.Migration):
    dependencies = [
        ("kpis", "0002_benchmarks"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        *(
            migrations.AddField(
                model_name="goal",
                name=name,
                field=models.ForeignKey(
                    blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+",
                    to=settings.AUTH_USER_MODEL,
                ),
            )
            for name in LEADERS
        ),
        migrations.RunPython(name_leaders, migrations.RunPython.noop),
    ]  # fmt: skip
