# ruff: noqa: ANN001, ANN201, PLC0415 - the signature is that of RunPython
"""Marks for what was sent in before there were any, so that a filter does not miss it."""

from django.db import migrations

CHUNK = 500


def mark(apps, schema_editor):
    from forms.answers.marks import marks_in

    submissions = apps.get_model("hub_forms", "Submission").objects.order_by("pk")
    answer_mark = apps.get_model("hub_forms", "AnswerMark")
    forms = {}
    last = 0
    while batch := list(submissions.filter(pk__gt=last)[:CHUNK]):
        for submission in batch:
            if submission.version_id not in forms:
                forms[submission.version_id] = submission.version.compiled
            found = marks_in(forms[submission.version_id], submission.answers)
            answer_mark.objects.bulk_create(
                (answer_mark(submission=submission, mark=one) for one in found),
                ignore_conflicts=True,
            )
        last = batch[-1].pk


class Migration(migrations.Migration):
    dependencies = [("hub_forms", "0005_answers_out")]
    operations = [migrations.RunPython(mark, migrations.RunPython.noop, elidable=True)]
