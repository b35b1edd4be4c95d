"""Checked each night: that the access log is whole, up to the seal that the last backup noted."""

from django.utils.translation import gettext as _

from cms import audit, clock
from cms.backup import nightly
from cms.jobs import GiveUpError, JobRun, handlers


@handlers("cms.verify_audit")
def verify_audit(run: JobRun) -> None:
    """Recompute every seal. A break ends the job as failed, which the System page shows."""
    verdict = audit.verify(anchor=nightly.noted_seal())
    if not verdict.is_whole:
        raise GiveUpError(
            _("Row %(row)s of the access log was altered, or rows after it were removed.")
            % {"row": verdict.broken_at}
        )
    with run.finish():
        pass


clock.daily("cms.verify_audit", at="02:15")
