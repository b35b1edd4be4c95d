"""The process that a harness hub's other processes are forked from, so that each starts at once.

Loads Django one time, then forks: consumers (the real run_huey, in a process group of its own) and
calls (a function, its result as JSON). Orders come one a line on standard input, answers go out the
same way. Run by tests/harness.py: python -m tests.hub_nursery
"""

import importlib
import json
import os
import signal
import sys
import traceback
from pathlib import Path

CONSUMER = {
    "workers": 2,
    "worker_type": "thread",
    "graceful_signal": "TERM",
    "shutdown_timeout": 25,
}


def find(name):
    module, _colon, function = name.partition(":")
    return getattr(importlib.import_module(module), function)


def apply_patches(names):
    for name in names:
        if name:
            find(name)()


def fork(work, log):
    """Fork a leader of its own group that runs `work` and exits; its pid."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(out, 1)
        os.dup2(out, 2)
        os.close(0)
        work()
        code = 0
    except SystemExit as leaving:
        code = leaving.code or 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return None


def consumer(order):
    from django.core.management import call_command

    apply_patches(order["patches"])
    call_command("run_huey", **CONSUMER)


def call(order, answer):
    from django.db import connections

    try:
        apply_patches(order["patches"])
        result = {"result": find(order["function"])(**order["arguments"])}
    except BaseException:
        result = {"error": traceback.format_exc()}
    connections.close_all()
    part = Path(f"{answer}.part")
    part.write_text(json.dumps(result))
    part.rename(answer)


def main():
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.hub_settings"
    import django

    django.setup()
    from django.utils.module_loading import autodiscover_modules
    from huey.contrib.djhuey import HUEY

    autodiscover_modules("tasks")
    importlib.import_module("tests.crash")  # its job handlers
    HUEY.storage.close()  # a connection to the queue must not be shared across a fork
    signal.signal(signal.SIGCHLD, reap)
    answers = os.fdopen(os.dup(1), "w")
    answers.write('{"ready": true}\n')
    answers.flush()
    for number, line in enumerate(iter(sys.stdin.readline, "")):
        order = json.loads(line)
        if order["do"] == "consumer":
            answer = {"pid": fork(lambda order=order: consumer(order), order["log"])}
        else:
            path = Path(f"{order['log']}.{number}.json")
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            pid = fork(lambda order=order, path=path: call(order, path), order["log"])
            os.waitpid(pid, 0)
            signal.signal(signal.SIGCHLD, reap)
            reap()
            answer = json.loads(path.read_text()) if path.exists() else {"error": "It died."}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def reap(*_signal):
    """A killed consumer must not linger as a zombie: it would look alive to the next one."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


if __name__ == "__main__":
    main()
