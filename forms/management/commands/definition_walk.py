"""definition_walk FILE --answers A.json [--json]: what a family with these answers sees."""

from datetime import date

from django.utils import timezone

from forms.answersets import normal
from forms.management.packages import PackageCommand
from forms.walk import walk


class Command(PackageCommand):
    help = "Print the visible steps in order and the visible questions of each."

    def add_arguments(self, parser):
        parser.add_argument("file")
        parser.add_argument("--answers", required=True)
        parser.add_argument("--json", action="store_true")
        parser.add_argument("--today", type=date.fromisoformat, help="Instead of today.")
        parser.add_argument(
            "--offering", type=date.fromisoformat, help="First day of what is applied for."
        )

    def handle(self, *, file, answers, json, today, offering, **options):
        form = self.compiled(file)
        day = today or timezone.localdate()
        found = walk(
            form,
            normal(form, self.read_answers(answers)),
            facts={"today": day, "offering": offering or day},
        )
        if json:
            self.write_json(
                {
                    "steps": [
                        {
                            "key": step.key,
                            "title": step.title,
                            "kind": step.kind,
                            "questions": [question["key"] for question in step.questions],
                            "items": [
                                [question["key"] for question in item.questions]
                                for item in step.items
                            ],
                        }
                        for step in found.steps
                    ],
                    "answers": found.answers,
                    "complete": found.is_complete,
                }
            )
            return
        for number, step in enumerate(found.steps, start=1):
            self.stdout.write(f"{number}. {step.title} ({step.key})")
            for question in step.questions:
                self.stdout.write(f"   - {question['label']} ({question['key']})")
