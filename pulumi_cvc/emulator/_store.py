"""What the service holds: users and meetings, in SQLite."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

REQUIRED_FIELDS = ("userId", "userName", "groupId", "groupName")
OPTIONAL_FIELDS = ("userAvatarUrl", "departId", "departName", "userEmail", "userTel", "userMobile")
# In answers only: no request can set them.
_SERVICE_FIELDS = ("createTime", "jobName")

Record = dict[str, Any]
"""A user, with the request's camelCase names and ``createTime`` in ms. A field never set or cleared by being
left out is absent; one cleared by an empty string holds it."""

_SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS users (user_id TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pending (
    seq INTEGER PRIMARY KEY, user_id TEXT NOT NULL, visible_at_s REAL NOT NULL, record TEXT
);
CREATE INDEX IF NOT EXISTS pending_by_user ON pending (user_id);
CREATE INDEX IF NOT EXISTS pending_by_time ON pending (visible_at_s);
CREATE TABLE IF NOT EXISTS meetings (uuid TEXT PRIMARY KEY, meeting TEXT NOT NULL) WITHOUT ROWID;
"""


class Store:
    """One account's users and meetings.

    *database* is a file or ``:memory:``; sqlite3.Error is raised if it cannot be used. *clock* gives seconds
    since the epoch. ``users`` is what GetUser sees; a write waits in ``pending`` for *read_delay_s*, with no
    record if it is a deletion.
    """

    def __init__(self, database: str, clock: Callable[[], float], read_delay_s: float = 0.0) -> None:
        self._clock = clock
        self._read_delay_s = read_delay_s
        # Opened by the thread that starts the service, used by the service's own.
        self._db = sqlite3.connect(database, check_same_thread=False)
        try:
            self._db.executescript(_SCHEMA)
            self._settle(before_s=float("inf"))
        except sqlite3.Error:
            self._db.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def visible(self, user_id: str) -> Record | None:
        """Give the user as GetUser sees it."""
        if self._read_delay_s:
            self._settle(before_s=self._clock())
        return self._one("SELECT record FROM users WHERE user_id = ?", user_id)

    def latest(self, user_id: str) -> Record | None:
        """Give the user as last written."""
        if self._read_delay_s:
            query = "SELECT record FROM pending WHERE user_id = ? ORDER BY seq DESC LIMIT 1"
            row = self._db.execute(query, (user_id,)).fetchone()
            if row is not None:
                return None if row[0] is None else json.loads(row[0])
        return self._one("SELECT record FROM users WHERE user_id = ?", user_id)

    def upsert(self, users: Iterable[Mapping[str, Any]], *, merge: bool, empty_clears: bool) -> None:
        """Write *users* in one go; who exists keeps ``createTime``, the last of two with one id wins."""
        now_ms = int(self._clock() * 1000)
        written: dict[str, Record | None] = {}
        for user in users:
            user_id = user["userId"]
            old = written.get(user_id) or self.latest(user_id) or {"createTime": now_ms}
            kept = old if merge else {name: old[name] for name in _SERVICE_FIELDS if name in old}
            given = {
                name: user[name]
                for name in (*REQUIRED_FIELDS, *OPTIONAL_FIELDS)
                if user.get(name) is not None and (user[name] or empty_clears)
            }
            written[user_id] = {**kept, **given}
        self._write(written)

    def delete(self, user_ids: Iterable[str]) -> None:
        """Delete whoever of *user_ids* is there."""
        self._write(dict.fromkeys(user_ids))

    def put(self, record: Record) -> Record:
        """Put *record* in place of the whole user, visible at once, and give it with its ``createTime``."""
        old = self.latest(record["userId"]) or {"createTime": int(self._clock() * 1000)}
        record = {"createTime": old["createTime"], **record}
        with self._db:
            self._db.execute("DELETE FROM pending WHERE user_id = ?", (record["userId"],))
            self._apply({record["userId"]: record})
        return record

    def remove(self, user_id: str) -> bool:
        """Delete a user, visible at once, and say whether there was one."""
        there = self.latest(user_id) is not None
        with self._db:
            self._db.execute("DELETE FROM pending WHERE user_id = ?", (user_id,))
            self._apply({user_id: None})
        return there

    def clear(self) -> None:
        """Delete all users."""
        with self._db:
            self._db.execute("DELETE FROM pending")
            self._db.execute("DELETE FROM users")

    def users(self) -> Iterator[Record]:
        """Give every user as last written, by id."""
        query = """
            SELECT record FROM (
                SELECT user_id, record FROM users WHERE user_id NOT IN (SELECT user_id FROM pending)
                UNION ALL
                SELECT user_id, record FROM pending
                WHERE seq IN (SELECT max(seq) FROM pending GROUP BY user_id)
            ) WHERE record IS NOT NULL ORDER BY user_id
        """
        return (json.loads(record) for (record,) in self._db.execute(query))

    def count(self) -> int:
        """Give the number of users that GetUser sees."""
        (number,) = self._db.execute("SELECT count(*) FROM users").fetchone()
        return int(number)

    def meeting(self, uuid: str) -> Record | None:
        """Give a meeting as it was put."""
        return self._one("SELECT meeting FROM meetings WHERE uuid = ?", uuid)

    def put_meeting(self, uuid: str, meeting: Record) -> None:
        """Put *meeting* in place of the one with this uuid."""
        with self._db:
            self._db.execute("INSERT OR REPLACE INTO meetings VALUES (?, ?)", (uuid, json.dumps(meeting)))

    def _one(self, query: str, key: str) -> Record | None:
        row = self._db.execute(query, (key,)).fetchone()
        return None if row is None else json.loads(row[0])

    def _write(self, changes: Mapping[str, Record | None]) -> None:
        with self._db:
            if not self._read_delay_s:
                self._apply(changes)
                return
            visible_at_s = self._clock() + self._read_delay_s
            self._db.executemany(
                "INSERT INTO pending (user_id, visible_at_s, record) VALUES (?, ?, ?)",
                [
                    (user_id, visible_at_s, None if record is None else json.dumps(record))
                    for user_id, record in changes.items()
                ],
            )

    def _apply(self, changes: Mapping[str, Record | None]) -> None:
        gone = [(user_id,) for user_id, record in changes.items() if record is None]
        there = [(user_id, json.dumps(record)) for user_id, record in changes.items() if record is not None]
        self._db.executemany("DELETE FROM users WHERE user_id = ?", gone)
        self._db.executemany("INSERT OR REPLACE INTO users VALUES (?, ?)", there)

    def _settle(self, before_s: float) -> None:
        query = "SELECT user_id, record FROM pending WHERE visible_at_s <= ? ORDER BY seq"
        due = {
            user_id: None if record is None else json.loads(record)
            for user_id, record in self._db.execute(query, (before_s,))
        }
        if due:
            with self._db:
                self._apply(due)
                self._db.execute("DELETE FROM pending WHERE visible_at_s <= ?", (before_s,))
