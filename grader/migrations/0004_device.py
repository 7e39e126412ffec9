from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("grader", "0003_exhibits")]

    operations = [
        migrations.AlterField(
            model_name="submission", name="device", field=models.CharField(blank=True, max_length=200)
        ),
        migrations.AddField(
            model_name="submission", name="driver", field=models.CharField(blank=True, max_length=200)
        ),
        migrations.AddField(
            model_name="submission", name="timer", field=models.CharField(blank=True, max_length=40)
        ),
    ]
