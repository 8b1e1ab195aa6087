"""The state “on course” of frozen figures is called “on track” now."""

import pgtrigger
from django.db import migrations


def rename_state(apps, schema_editor):
    PlanUpdate = apps.get_model("alignment", "PlanUpdate")
    with pgtrigger.ignore("alignment.PlanUpdate:keep_presented_updates"):
        for update in PlanUpdate.objects.filter(figures__contains=[{"state": "on_course"}]):
            for figure in update.figures:
                if figure["state"] == "on_course":
                    figure["state"] = "on_track"
            update.save(update_fields=["figures"])


class Migration(migrations.Migration):
    dependencies = [("alignment", "0005_reminders")]

    operations = [migrations.RunPython(rename_state, migrations.RunPython.noop)]
