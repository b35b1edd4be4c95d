"""`manage.py demo_season`: play a whole season of auditions, and say whether all was as promised.

Nothing of it stays unless asked with --keep. Exit 0 when all was well, 1 when something was not.
On SQLite nobody else can write while it runs.
"""

import sys
from datetime import datetime

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from cms import sandbox, wallclock
from forms.demo_season import play, proof


class Command(BaseCommand):
    help = "Plays a season of auditions with invented players, from applications to seats."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--size", type=int, default=750, help="How many apply.")
        parser.add_argument("--seed", type=int, default=7)
        parser.add_argument("--keep", action="store_true", help="Leave it in the database.")

    def handle(self, *args: object, **options: object) -> None:
        now = timezone.now()
        stays = wallclock.instead(now) if options["keep"] else sandbox.nothing_stays(at=now)
        with stays:
            season = play.play(
                options["size"],
                seed=options["seed"],
                turn_to=self.turn_to,
                say=self.stdout.write,
                slug=f"demo-season-{now:%y%m%d%H%M%S}" if options["keep"] else "demo-season",
            )
            found, numbers = proof.wrong(season), proof.numbers(season)
        for name, number in numbers.items():
            self.stdout.write(f"{name}: {number}")
        self.stdout.write(f"in all: {sum(season.seconds.values()):.0f} s")
        for sentence in found:
            self.stderr.write(sentence)
        if found:
            sys.exit(1)

    @staticmethod
    def turn_to(moment: datetime) -> None:
        wallclock.turn_to(moment)
