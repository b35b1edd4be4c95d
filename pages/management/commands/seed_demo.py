"""`manage.py seed_demo`: load the demo hub into an empty installation, or top it up."""

from django.core.management.base import BaseCommand
from django.utils import timezone

from cms.demo_users import demo_logins
from forms import demo_bookings, demo_money
from forms.demo_panel import load_panel
from forms.demo_round import load_round
from pages import demo
from pages.demo.boards import load_boards


class Command(BaseCommand):
    help = "Adds what the demo hub lacks. Changes nothing that exists; may be run again."

    def add_arguments(self, parser):
        parser.add_argument("--password", help="Make the demo logins too, each with this password.")

    def handle(self, *args, **options):
        report = demo.load(timezone.localdate())
        self.stdout.write(f"Demo hub: {report}.")
        if options["password"]:
            logins = demo_logins(options["password"])
            self.stdout.write(f"Demo logins: {', '.join(logins)}.")
            self.stdout.write(f"Applications in review: {load_panel()} added.")
            added = demo_bookings.load(timezone.localdate())
            if added:
                demo_money.pay_at_once()
            self.stdout.write(f"Bookings of courses: {added} added.")
            seats = load_boards(logins, timezone.localdate())
            self.stdout.write(f"Seats on the board: {seats} added.")
            self.stdout.write(f"Audition rounds: {load_round(timezone.localdate())} added.")
