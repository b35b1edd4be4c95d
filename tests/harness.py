"""A real hub for a test: gunicorn and the Huey consumer as processes, on a folder of their own.

    with a_hub(tmp_path) as hub:
        date = hub.call("tests.crash:a_course_date", capacity=20)      # runs inside the hub
        hub.start_web(workers=3)                                       # real gunicorn
        consumer = hub.start_consumer()                                # real run_huey
        answers = at_once(400, lambda n: post(hub.address + "/...", {...}))
        hub.kill(consumer)                                             # kill -9, its group only
        assert hub.sql("SELECT count(*) FROM cms_place") == [(20,)]

HUB_TEST_BACKEND decides the back end: SQLite and SqliteHuey, or PostgreSQL (a database of its own,
cloned from one that was migrated once) and a Redis server of its own where one is installed.
`patches` name functions, "module:function", run in the hub's processes first: a twin's way to switch
a guard off. Everything is stopped and removed at the end, and only what was started here.
"""

import contextlib
import fcntl
import hashlib
import http.client
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import uuid
from pathlib import Path

import psycopg

from tests.settings import CLONE, ON_SERVICES, TEST_FOLDER

ROOT = Path(__file__).resolve().parent.parent
SERVER_URL = os.environ.get("TEST_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres")
REDIS_URL = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/15")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(condition, seconds: float = 60, what: str = "it"):
    """The first true answer of `condition`. Raises AssertionError when there was none in time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if answer := condition():
            return answer
        time.sleep(0.02)
    raise AssertionError(f"Waited {seconds} s for {what}.")


def at_once(number: int, function, threads: int = 16) -> list:
    """function(0) ... function(number - 1), `threads` at a time, all starting together."""
    results = [None] * number
    turns = iter(range(number))
    lock, start = threading.Lock(), threading.Barrier(min(threads, number))

    def work():
        start.wait()
        while True:
            with lock:
                turn = next(turns, None)
            if turn is None:
                return
            try:
                results[turn] = function(turn)
            except Exception as error:
                results[turn] = error

    workers = [threading.Thread(target=work) for _ in range(min(threads, number))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return results


def post(url: str, data: dict | bytes, *, cookies: str = "", headers: dict | None = None):
    """One POST as a plain HTML client sends it: (status, headers, body), redirects not followed."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)
    sent = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Origin": f"{parts.scheme}://{parts.netloc}",
        **({"Cookie": cookies} if cookies else {}),
        **(headers or {}),
    }
    try:
        body = data if isinstance(data, bytes) else urllib.parse.urlencode(data, doseq=True)
        connection.request("POST", parts.path, body, sent)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


#: Migrated databases, shared by every checkout on this machine: named by what they are made of.
TEMPLATES = Path(tempfile.gettempdir()) / "hub-test-templates"


def _made_of() -> dict[str, str]:
    """What a migrated database follows from: our migrations, the roles, the locked versions."""
    paths = [ROOT / "requirements.lock", ROOT / "cms/roles.py"]
    paths += sorted(ROOT.glob("*/migrations/*.py"))
    return {
        path.relative_to(ROOT).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()[:16]
        for path in paths
    }


def _migrations_hash() -> str:
    """Changes when any of that does."""
    return hashlib.sha256(json.dumps(_made_of()).encode()).hexdigest()[:10]


def _nearest(kind: str) -> str:
    """The hash of a template with the most of our migrations, and none that is not ours; or ""."""
    ours = _made_of()
    ours.pop("cms/roles.py")  # made anew after every migrate
    found = [("", -1)]
    for path in TEMPLATES.glob(f"*.{kind}.json"):
        theirs = json.loads(path.read_text())
        theirs.pop("cms/roles.py")
        if theirs.items() <= ours.items():
            found.append((path.name.partition(".")[0], len(theirs)))
    return max(found, key=lambda one: one[1])[0]


def _note_template(kind: str) -> None:
    (TEMPLATES / f"{_migrations_hash()}.{kind}.json").write_text(json.dumps(_made_of()))


@contextlib.contextmanager
def _only_one(name: str, folder: Path = TEST_FOLDER):
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _migrate(environment: dict[str, str]) -> None:
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)


def _environment(data_dir: Path, **more: str) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in {"DATABASE_URL", "REDIS_URL", "EMAIL_URL", "SITE_URL", "S3_URL", "DEMO"}
    }
    kept |= {"DATA_DIR": str(data_dir), "DJANGO_SETTINGS_MODULE": "tests.hub_settings"}
    return kept | {"PYTHONWARNINGS": "ignore", "PYTHONPATH": str(ROOT)} | more


def _sqlite_template() -> Path:
    """A migrated SQLite file, made once for each state of the migrations."""
    path = TEMPLATES / f"{_migrations_hash()}.sqlite3"
    with _only_one(path.stem, TEMPLATES):
        if not path.exists():
            folder = TEMPLATES / f"part-{uuid.uuid4().hex[:8]}"
            folder.mkdir()
            if near := _nearest("sqlite"):
                shutil.copyfile(TEMPLATES / f"{near}.sqlite3", folder / "hub.sqlite3")
            _migrate(_environment(folder))
            with contextlib.closing(sqlite3.connect(folder / "hub.sqlite3")) as database:
                database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            (folder / "hub.sqlite3").rename(path)
            shutil.rmtree(folder)
            _note_template("sqlite")
    return path


def _on_server(*statements: str) -> None:
    with psycopg.connect(SERVER_URL, autocommit=True) as server:
        for statement in statements:
            server.execute(statement)


def _database_url(name: str) -> str:
    return urllib.parse.urlsplit(SERVER_URL)._replace(path=f"/{name}").geturl()


def _postgres_template() -> str:
    name = f"hub_tpl_{_migrations_hash()}"
    with _only_one(name, TEMPLATES), psycopg.connect(SERVER_URL, autocommit=True) as server:

        def exists(database: str) -> bool:
            known = "SELECT 1 FROM pg_database WHERE datname = %s"
            return server.execute(known, [database]).fetchone() is not None

        if not exists(name):
            part, near = f"{name}_part", f"hub_tpl_{_nearest('postgres')}"
            origin = f" TEMPLATE {near}" if exists(near) else ""
            _on_server(
                f"DROP DATABASE IF EXISTS {part} WITH (FORCE)", f"CREATE DATABASE {part}{origin}"
            )
            folder = TEST_FOLDER / f"harness-{uuid.uuid4().hex[:8]}"
            _migrate(_environment(folder, DATABASE_URL=_database_url(part)))
            shutil.rmtree(folder, ignore_errors=True)
            _on_server(f"ALTER DATABASE {part} RENAME TO {name}")
            _note_template("postgres")
    return name


class Hub:
    """One hub: its folder, its environment, and the processes that were started for it."""

    def __init__(self, folder: Path, patches=(), environment=None):
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self.patches = list(patches)
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.log = folder / "log.txt"
        self.database = None
        self._redis = self._web = self._nursery = None
        self._consumers: list[int] = []
        extra = dict(environment or {})
        if ON_SERVICES:
            self.database = f"hub_t_{CLONE}_{uuid.uuid4().hex[:8]}"
            with _only_one("harness-clone"):  # a template must have no other reader meanwhile
                _on_server(f"CREATE DATABASE {self.database} TEMPLATE {_postgres_template()}")
            self._redis_port = free_port()
            extra["DATABASE_URL"] = _database_url(self.database)
            extra["REDIS_URL"] = self._redis_url()
            self.start_redis()
        else:
            shutil.copyfile(_sqlite_template(), folder / "hub.sqlite3")
        self.environment = _environment(folder, PORT=str(self.port), **extra)

    # --- the queue's server -------------------------------------------------------------------
    def _redis_url(self) -> str:
        if shutil.which("redis-server"):
            return f"redis://127.0.0.1:{self._redis_port}/0"
        worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
        return urllib.parse.urlsplit(REDIS_URL)._replace(path=f"/{10 + int(worker) % 5}").geturl()

    def start_redis(self) -> None:
        """A Redis that keeps what it was given, as the one in compose.yaml does."""
        if not shutil.which("redis-server"):
            import redis

            redis.Redis.from_url(self._redis_url()).flushdb()
            return
        command = ["redis-server", "--port", str(self._redis_port), "--bind", "127.0.0.1"]
        command += ["--dir", str(self.folder), "--appendonly", "yes", "--save", ""]
        self._redis = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        wait_for(lambda: _answers(self._redis_port), what="Redis")

    def stop_redis(self) -> None:
        self._redis.terminate()
        self._redis.wait(timeout=10)

    # --- processes ----------------------------------------------------------------------------
    def start_web(self, workers: int = 2, patches=(), preload: bool = False) -> int:
        """Real gunicorn, as `manage.py serve` starts it. Returns its pid, when it answers.

        With `preload` a worker that was killed is followed by a new one at once.
        """
        command = [
            sys.executable, "-m", "gunicorn", "tests.hub_wsgi:application", "--bind",
            f"127.0.0.1:{self.port}", "--workers", str(workers), "--worker-class", "gthread",
            "--threads", "4", "--log-level", "warning",
        ]  # fmt: skip
        command += ["--preload"] if preload else []
        names = ",".join([*self.patches, *patches])
        with self.log.open("a") as log:
            self._web = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self.environment | {"HUB_TEST_PATCHES": names},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        wait_for(self._web_answers, 40, "the web server")
        return self._web.pid

    def _web_answers(self) -> bool:
        if self._web.poll() is not None:
            raise AssertionError(f"The web server stopped:\n{self.log.read_text()[-3000:]}")
        if not _answers(self.port):
            return False
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        return False

    def start_consumer(self, patches=()) -> int:
        """The real run_huey. Returns its pid at once; it takes up what is due by itself."""
        order = {"do": "consumer", "patches": [*self.patches, *patches], "log": str(self.log)}
        pid = self._order(order)["pid"]
        self._consumers.append(pid)
        return pid

    def call(self, function: str, patches=(), **arguments):
        """Run "module:function" in a new process of this hub; its result, through JSON."""
        answer = self._order(
            {
                "do": "call",
                "function": function,
                "arguments": arguments,
                "patches": [*self.patches, *patches],
                "log": str(self.log),
            }
        )
        if "error" in answer:
            raise AssertionError(f"{function} failed inside the hub:\n{answer['error']}")
        return answer["result"]

    def _order(self, order: dict) -> dict:
        if self._nursery is None:
            with self.log.open("a") as log:
                self._nursery = subprocess.Popen(
                    [sys.executable, "-m", "tests.hub_nursery"],
                    cwd=ROOT,
                    env=self.environment,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    text=True,
                    start_new_session=True,
                )
            self._read()
        self._nursery.stdin.write(json.dumps(order) + "\n")
        self._nursery.stdin.flush()
        return self._read()

    def _read(self) -> dict:
        line = self._nursery.stdout.readline()
        if not line:
            raise AssertionError(f"The hub did not start:\n{self.log.read_text()[-3000:]}")
        return json.loads(line)

    def start_anew(self) -> None:
        """Let the next call load the hub again, with the settings that hold by then."""
        if self._nursery:
            self._nursery.stdin.close()
            self._nursery.wait(timeout=10)
            self._nursery.stdout.close()
            self._nursery = None

    def kill(self, pid: int) -> None:
        """kill -9 a consumer that was started here, with whatever is in its group."""
        self._signal(pid, signal.SIGKILL)
        wait_for(lambda: not is_alive(pid), what="the killed process to go")

    def stop(self, pid: int, seconds: float = 30) -> None:
        """SIGTERM a consumer and wait until it has gone by itself."""
        self._signal(pid, signal.SIGTERM)
        wait_for(lambda: not is_alive(pid), seconds, "the consumer to stop")

    def pause(self, pid: int) -> None:
        self._signal(pid, signal.SIGSTOP)

    def resume(self, pid: int) -> None:
        self._signal(pid, signal.SIGCONT)

    def is_running(self, pid: int) -> bool:
        """Whether a consumer that was started here is still there."""
        return is_alive(pid)

    def _signal(self, pid: int, number: int) -> None:
        if pid not in self._consumers:
            raise ValueError("That process was not started by this hub.")
        os.killpg(pid, number)

    # --- what is stored -----------------------------------------------------------------------
    def sql(self, query: str, *arguments) -> list[tuple]:
        """Rows of the hub's database, read from outside; `%s` for arguments on both back ends."""
        if self.database:
            with psycopg.connect(_database_url(self.database), autocommit=True) as connection:
                cursor = connection.execute(query, arguments)
                return cursor.fetchall() if cursor.description else []
        path = self.folder / "hub.sqlite3"
        connection = sqlite3.connect(path, timeout=20, isolation_level=None)
        with contextlib.closing(connection) as db:
            return [tuple(row) for row in db.execute(query.replace("%s", "?"), arguments)]

    def is_locked(self) -> bool:
        """Whether some process is in the middle of a write: no moment to stop one. SQLite only."""
        for name in ("hub.sqlite3", "huey.sqlite3") if not self.database else ():
            path = self.folder / name
            with contextlib.closing(
                sqlite3.connect(path, timeout=0.05, isolation_level=None)
            ) as database:
                try:
                    database.execute("BEGIN IMMEDIATE")
                    database.execute("ROLLBACK")
                except sqlite3.OperationalError:
                    return True
        return False

    def letters(self) -> list[bytes]:
        """The mail that this hub has written, oldest first, when no mail server was given."""
        return [path.read_bytes() for path in sorted(self.folder.glob("mail/*.eml"))]

    def close(self) -> None:
        """Stop everything that was started here and remove it."""
        for pid in self._consumers:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
        if self._web and self._web.poll() is None:
            self._web.terminate()
            try:
                self._web.wait(timeout=10)
            except subprocess.TimeoutExpired:
                os.killpg(self._web.pid, signal.SIGKILL)
                self._web.wait()
        self.start_anew()
        if self._redis and self._redis.poll() is None:
            self._redis.kill()
            self._redis.wait()
        if self.database:
            _on_server(f"DROP DATABASE IF EXISTS {self.database} WITH (FORCE)")
        shutil.rmtree(self.folder, ignore_errors=True)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


@contextlib.contextmanager
def a_hub(tmp_path: Path, *, patches=(), environment=None):
    """A hub with a migrated, empty database and nothing running yet; gone afterwards."""
    hub = Hub(tmp_path / f"hub-{uuid.uuid4().hex[:6]}", patches, environment)
    try:
        yield hub
    finally:
        hub.close()
