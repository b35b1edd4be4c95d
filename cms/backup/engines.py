"""What a backup needs of each database: a consistent copy, a scratch to open it in, a way back.

SQLite copies itself with VACUUM INTO, which also leaves behind what was erased. PostgreSQL dumps
one exported snapshot, of which the checksums are taken too.
"""

import hashlib
import os
import secrets
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection, connections
from django.db.backends.postgresql.client import DatabaseClient

from .folder import BackupError

#: Runs SQL on an opened copy; rows as tuples.
Query = Callable[[str], Iterator[tuple]]
Sums = dict[str, dict[str, Any]]
Tick = Callable[[], None]
#: What to look up in the very snapshot that is dumped.
Look = Callable[[Query], None]


class SQLite:
    """One file, copied by the engine itself."""

    vendor, dump_name = "sqlite", "database.sqlite3"

    def dump(self, folder: Path, tick: Tick, look: Look) -> Sums:
        path = folder / self.dump_name
        with connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [str(path)])
        path.chmod(0o600)
        with self.opened(folder, tick) as query:
            look(query)
            return self.sums(query, tick)

    @contextmanager
    def opened(self, folder: Path, tick: Tick) -> Iterator[Query]:
        """A query function on the copy, which nothing can change."""
        path = (folder / self.dump_name).resolve()
        copy = sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)
        try:
            yield copy.execute
        except sqlite3.DatabaseError as error:
            raise BackupError(f"The copy of the database cannot be read: {error}.") from None
        finally:
            copy.close()

    def sums(self, query: Query, tick: Tick) -> Sums:
        names = [
            name
            for (name,) in query(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' "
                "AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name"
            )
        ]
        found: Sums = {}
        for name in names:
            tick()
            rows, digest = 0, hashlib.sha256()
            for row in query(f'SELECT * FROM "{name}"'):  # noqa: S608 - a name of our own schema
                rows += 1
                digest.update(repr(row).encode("utf-8", "surrogatepass"))
            found[name] = {"rows": rows, "sum": digest.hexdigest()}
        return found

    def faults(self, query: Query) -> list[str]:
        """What the engine itself finds wrong with the copy."""
        said = [row[0] for row in query("PRAGMA integrity_check") if row[0] != "ok"]
        said += [
            f"A row of {row[0]} points at a row of {row[2]} that is not there."
            for row in query("PRAGMA foreign_key_check")
        ]
        return said[:20]

    def load(self, folder: Path) -> None:
        """Put the copy in place of the live database, all of it or nothing."""
        connections.close_all()
        source = sqlite3.connect(folder / self.dump_name)
        live = sqlite3.connect(settings.DATABASES["default"]["NAME"], timeout=30)
        try:
            source.backup(live)
        except sqlite3.OperationalError as error:
            raise BackupError(
                f"The live database is in use ({error}). Stop the hub and try again."
            ) from None
        finally:
            source.close()
            live.close()


class PostgreSQL:
    """pg_dump and pg_restore of the server's own release, as the hub's own database user."""

    vendor, dump_name = "postgresql", "database.dump"

    def _command(self, program: str, *arguments: str, name: str = "") -> tuple[list[str], dict]:
        database = settings.DATABASES["default"] | ({"NAME": name} if name else {})
        command, extra = DatabaseClient.settings_to_cmd_args_env(database, [])
        name = database["NAME"]
        where = command[1:]
        if where and where[-1] == name:
            where.pop()
        environment = {**os.environ, **(extra or {})}
        return [program, *where, f"--dbname={name}", *arguments], environment

    def _run(self, program: str, *arguments: str, tick: Tick, name: str = "") -> None:
        command, environment = self._command(program, *arguments, name=name)
        try:
            process = subprocess.Popen(
                command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
            )
        except FileNotFoundError:
            raise BackupError(
                f"{program} is not installed here. Install PostgreSQL's client programs."
            ) from None
        with process:
            try:
                while process.poll() is None:
                    tick()
                    time.sleep(0.1)
            except BaseException:
                process.kill()
                raise
            said = process.stderr.read().decode(errors="replace").strip()
        if process.returncode:
            # The first line says what; the rest may quote rows.
            raise BackupError(f"{program} failed: {(said or 'no reason given').splitlines()[0]}")

    def _connect(self, name: str = "", **options: Any) -> psycopg.Connection:
        database = settings.DATABASES["default"]
        given = {
            "host": database.get("HOST"),
            "port": database.get("PORT"),
            "user": database.get("USER"),
            "password": database.get("PASSWORD"),
        }
        return psycopg.connect(
            dbname=name or database["NAME"], **{k: v for k, v in given.items() if v}, **options
        )

    def dump(self, folder: Path, tick: Tick, look: Look) -> Sums:
        with self._connect() as snapshot:
            snapshot.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            (name,) = snapshot.execute("SELECT pg_export_snapshot()").fetchone()
            self._run(
                "pg_dump", "--format=custom", "--no-owner", "--no-privileges",
                f"--snapshot={name}", f"--file={folder / self.dump_name}", tick=tick,
            )  # fmt: skip
            (folder / self.dump_name).chmod(0o600)
            look(snapshot.execute)
            return self.sums(snapshot.execute, tick)

    @contextmanager
    def opened(self, folder: Path, tick: Tick) -> Iterator[Query]:
        """A query function on a scratch database that the dump was restored to, then dropped."""
        scratch = f"hub_check_{secrets.token_hex(6)}"
        with self._connect(autocommit=True) as server:
            try:
                server.execute(f'CREATE DATABASE "{scratch}" TEMPLATE template0')
            except psycopg.errors.InsufficientPrivilege:
                raise BackupError(
                    "The hub's database user may not make a scratch database, so the backup "
                    "cannot be tried. Give it CREATEDB, or run the check as a user who has it."
                ) from None
            try:
                self._run(
                    "pg_restore", "--exit-on-error", "--no-owner", "--no-privileges",
                    str(folder / self.dump_name), tick=tick, name=scratch,
                )  # fmt: skip
                with self._connect(scratch) as copy:
                    yield copy.execute
            finally:
                server.execute(f'DROP DATABASE IF EXISTS "{scratch}" WITH (FORCE)')

    def sums(self, query: Query, tick: Tick) -> Sums:
        query("SET TimeZone = 'UTC'")
        names = [
            name
            for (name,) in query(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
            ).fetchall()
        ]
        found: Sums = {}
        for name in names:
            tick()
            rows, total = query(
                # The order of rows does not matter to this sum, and nothing is held in memory.
                f"SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)::text "  # noqa: S608
                f'FROM "{name}" t'
            ).fetchone()
            found[name] = {"rows": rows, "sum": total}
        return found

    def faults(self, query: Query) -> list[str]:
        return []  # pg_restore has made every constraint anew, so each of them holds

    def load(self, folder: Path) -> None:
        """Put the dump in place of the live database, in one transaction."""
        connections.close_all()
        script = folder / self.dump_name
        command, environment = self._command("psql", "--quiet", "--no-psqlrc", "-1")
        command += ["-v", "ON_ERROR_STOP=1", "-c", "SET lock_timeout = '30s'"]
        command += ["-c", "DROP SCHEMA public CASCADE", "-c", "CREATE SCHEMA public", "-f", "-"]
        restore = subprocess.Popen(
            ["pg_restore", "--no-owner", "--no-privileges", "-f", "-", str(script)],
            stdout=subprocess.PIPE,
        )
        with restore:
            done = subprocess.run(
                command, env=environment, stdin=restore.stdout, capture_output=True, check=False
            )
        if done.returncode or restore.returncode:
            said = done.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"]
            raise BackupError(
                f"The database was left as it was: {said[0]} "
                "If it says that a lock was not granted, stop the hub and try again."
            )


def engine() -> SQLite | PostgreSQL:
    """The engine of the live database."""
    return PostgreSQL() if connection.vendor == "postgresql" else SQLite()
