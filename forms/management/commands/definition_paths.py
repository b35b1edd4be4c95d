"""definition_paths FILE [--json]: every distinct path, with one example answer set for each."""

import json as json_module

from forms.management.packages import PackageCommand
from forms.paths import MAX_PATHS, paths


class Command(PackageCommand):
    help = "List every distinct way through a form, with answers that lead along it."

    def add_arguments(self, parser):
        parser.add_argument("file")
        parser.add_argument("--json", action="store_true")
        parser.add_argument("--limit", type=int, default=MAX_PATHS)

    def handle(self, *, file, json, limit, **options):
        found = paths(self.compiled(file), limit=limit)
        if json:
            self.write_json(
                {
                    "count": len(found),
                    "partial": found.is_partial,
                    "paths": [
                        {
                            "steps": list(path.steps),
                            "questions": list(path.questions),
                            "answers": path.answers,
                        }
                        for path in found.paths
                    ],
                }
            )
            return
        for number, path in enumerate(found.paths, start=1):
            self.stdout.write(f"{number}. {' > '.join(path.steps)}")
            self.stdout.write(f"   {json_module.dumps(path.answers, ensure_ascii=False)}")
        more = " (and more: only these were walked)" if found.is_partial else ""
        self.stdout.write(f"{len(found)} paths{more}")
