"""Where a benchmark was published, what to know of it, and two rules of thumb that are often quoted."""

from datetime import date
from decimal import Decimal

import django.core.validators
from django.db import migrations, models

RULES_OF_THUMB = [
    ("never_followed_up_rate", "0.80", "Leads that are never followed up, as often quoted"),
    ("content_unused_rate", "0.90", "Content that Sales does not use, as often quoted"),
]
NOTE = "Quoted as “up to”. No study is named."


def put_rules_of_thumb(apps, schema_editor):
    Benchmark = apps.get_model("kpis", "Benchmark")
    for metric, share, label in RULES_OF_THUMB:
        Benchmark.objects.create(
            metric=metric, value=Decimal(share), label=label, note=NOTE, dated_on=date(2014, 12, 31), is_reference=False
        )


def take_rules_of_thumb(apps, schema_editor):
    metrics = [metric for metric, _, _ in RULES_OF_THUMB]
    apps.get_model("kpis", "Benchmark").objects.filter(metric__in=metrics, note=NOTE, edited_by=None).delete()


class Migration(migrations.Migration):
    dependencies = [("kpis", "0003_goal_owners")]
    operations = [
        migrations.AddField(
            "benchmark",
            "url",
            models.CharField(
                blank=True,
                default="",
                max_length=500,
                validators=[django.core.validators.URLValidator(schemes=["http", "https"])],
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            "benchmark", "note", models.CharField(blank=True, default="", max_length=500), preserve_default=False
        ),
        migrations.RunPython(put_rules_of_thumb, take_rules_of_thumb),
    ]
