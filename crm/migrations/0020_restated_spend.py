
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('crm', '0019_activity_direction'),
    ]

    operations = [
        migrations.AlterField(
            model_name='duplicate',
            name='why',
            field=models.CharField(choices=[('email', 'same e-mail'), ('domain', 'same domain'), ('name', 'near-same name'), ('spend', 'spend of a day and campaign already imported')], max_length=10),
        ),
    ]
