"""Figures worth showing as context: dated, with the source where one is known, and free to be edited."""

from datetime import date
from decimal import Decimal

from django.db import migrations

PUBLIC = "Public reports of about 2014"
SHARES = [
    ("Salesforce", "0.53"),
    ("Constant Contact", "0.38"),
    ("Marketo", "0.66"),
    ("Tableau", "0.53"),
    ("Microsoft", "0.18"),
    ("Google", "0.12"),
    ("Oracle", "0.20"),
]


def put_benchmarks(apps, schema_editor):
    Benchmark = apps.get_model("kpis", "Benchmark")
    dated = date(2014, 12, 31)
    Benchmark.objects.create(
        metric="smroi",
        value=Decimal("1.52"),
        label="Enterprise software, average",
        source="Vendor article, 2014",
        dated_on=dated,
    )
    Benchmark.objects.create(
        metric="sm_share_of_revenue",
        value=Decimal("0.20"),
        upper=Decimal("0.30"),
        label="Typical",
        source=PUBLIC,
        dated_on=dated,
    )
    for company, share in SHARES:
        Benchmark.objects.create(
            metric="sm_share_of_revenue",
            value=Decimal(share),
            label=company,
            source=PUBLIC,
            dated_on=dated,
            is_reference=False,
        )


def take_benchmarks(apps, schema_editor):
    apps.get_model("kpis", "Benchmark").objects.filter(dated_on=date(2014, 12, 31), edited_by=None).delete()


class Migration(migrations.Migration):
    dependencies = [("kpis", "0001_initial")]
    operations = [migrations.RunPython(put_benchmarks, take_benchmarks)]
