"""What breaks inside harness hubs for the tests of degraded modes."""

import resource
import signal


def no_room():
    """From now on this process cannot make any file larger than it may be: nothing can be added."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # the write fails, instead of the process
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
