"""SQLite store: stations, tokens, frames, and `transactions` (transactions.py).

What a station is told to be stored is committed before this returns. Frames and station states
are written behind. All calls are made from one thread.
"""

import json
import sqlite3

from csms_app.transactions import Transactions

_SCHEMA = """
CREATE TABLE IF NOT EXISTS stations (
  id TEXT PRIMARY KEY, unknown INTEGER, password TEXT, boot_answer TEXT, state TEXT);
CREATE TABLE IF NOT EXISTS tokens (
  key TEXT PRIMARY KEY, id_tag TEXT, status TEXT, type TEXT, grp TEXT, expiry TEXT, limits TEXT);
CREATE TABLE IF NOT EXISTS frames (
  n INTEGER NOT NULL, station TEXT NOT NULL, t TEXT, dir TEXT, frame TEXT);
CREATE TABLE IF NOT EXISTS authority (one INTEGER PRIMARY KEY CHECK (one = 1), key TEXT, pem TEXT);
CREATE TABLE IF NOT EXISTS certificates (
  serial TEXT PRIMARY KEY, station TEXT, type TEXT, issued TEXT, expiry TEXT, pem TEXT);
CREATE INDEX IF NOT EXISTS frames_station ON frames (station, n);
"""
_FORMAT = 1  # PRAGMA user_version of files we write
_PRUNE_EVERY = 1000  # frames


class Store:
    """The store in one SQLite file. Raises sqlite3.Error."""

    def __init__(self, path, keep_frames=5000):
        self.db = sqlite3.connect(path, timeout=5)
        self.db.row_factory = sqlite3.Row
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("PRAGMA synchronous=FULL")
        format = self.db.execute("PRAGMA user_version").fetchone()[0]
        self.is_new = format == 0
        if format > _FORMAT:
            raise sqlite3.DatabaseError("written by a newer version of this program")
        self.db.executescript(_SCHEMA)
        self.db.execute("PRAGMA user_version=%d" % _FORMAT)
        self.transactions = Transactions(self.db)
        self._keep = keep_frames
        self._frames = []  # rows not yet written
        row = self.db.execute("SELECT max(n) FROM frames").fetchone()
        self._n = row[0] or 0

    def close(self):
        self.flush()
        self.db.close()

    # Stations

    def stations(self):
        """Rows of all stations: dict with id, unknown, password, boot_answer, state."""
        for row in self.db.execute("SELECT * FROM stations"):
            values = dict(row, unknown=bool(row["unknown"]))
            values["boot_answer"] = json.loads(row["boot_answer"])
            values["state"] = json.loads(row["state"])
            yield values

    def save_stations(self, stations):
        rows = []
        for s in stations:
            state = json.dumps(s.saved())
            rows.append((s.id, s.unknown, s.password, json.dumps(s.boot_answer), state))
        with self.db:
            self.db.executemany("INSERT OR REPLACE INTO stations VALUES (?,?,?,?,?)", rows)

    # Tokens: found whatever the case, as OCPP compares them

    def put_token(self, token):
        """Store a row made by tokens.checked()."""
        limits = json.dumps(token["limit"])
        row = (token["idTag"].lower(), token["idTag"], token["status"], token["type"])
        row += (token["group"], token["expiry"], limits)
        with self.db:
            self.db.execute("INSERT OR REPLACE INTO tokens VALUES (?,?,?,?,?,?,?)", row)

    def token(self, id_tag):
        """The row of a token, None if there is none."""
        found = self.db.execute("SELECT * FROM tokens WHERE key = ?", (id_tag.lower(),))
        row = found.fetchone()
        return _token(row) if row else None

    def tokens(self):
        return [_token(row) for row in self.db.execute("SELECT * FROM tokens ORDER BY key")]

    def delete_token(self, id_tag):
        """True if there was one."""
        with self.db:
            done = self.db.execute("DELETE FROM tokens WHERE key = ?", (id_tag.lower(),))
        return done.rowcount > 0

    # Certificates

    def authority(self):
        """(PEM of its key, PEM of its certificate), None before put_authority()."""
        row = self.db.execute("SELECT key, pem FROM authority").fetchone()
        return tuple(row) if row else None

    def put_authority(self, key, pem):
        with self.db:
            self.db.execute("INSERT INTO authority VALUES (1,?,?)", (key, pem))

    def add_certificate(self, *row):
        """`row`: serial, station, type, issued, expiry, pem."""
        with self.db:
            self.db.execute("INSERT INTO certificates VALUES (?,?,?,?,?,?)", row)

    def certificates(self):
        """All that were issued, newest first."""
        rows = self.db.execute("SELECT * FROM certificates ORDER BY rowid DESC LIMIT 1000")
        return [dict(row) for row in rows]

    def owner(self, serial):
        """The station a certificate of ours was made for, None if it is none of ours."""
        select = "SELECT station FROM certificates WHERE serial = ?"
        row = self.db.execute(select, ("%x" % serial,)).fetchone()
        return row[0] if row else None

    # Frames

    def add_frame(self, station, time, direction, frame):
        """Take a frame (list, or text if it is none) into the message log. Returns its number."""
        self._n += 1
        self._frames.append((self._n, station, time, direction, json.dumps(frame)))
        return self._n

    def flush(self):
        """Write the frames that wait."""
        if not self._frames:
            return
        rows, self._frames = self._frames, []
        with self.db:
            self.db.executemany("INSERT INTO frames VALUES (?,?,?,?,?)", rows)
            if rows[-1][0] // _PRUNE_EVERY != (rows[0][0] - 1) // _PRUNE_EVERY:
                self._prune()

    def frames(self, station, after=None, limit=1000):
        """The oldest frames numbered above `after`, else the newest; at most `limit`."""
        self.flush()
        order = "n DESC" if after is None else "n"
        select = "SELECT * FROM frames WHERE station = ? AND n > ? ORDER BY %s LIMIT ?" % order
        rows = self.db.execute(select, (station, after or 0, limit)).fetchall()
        rows = rows[::-1] if after is None else rows
        shown = ({"n": r["n"], "t": r["t"], "dir": r["dir"]} for r in rows)
        return [dict(s, frame=json.loads(r["frame"])) for s, r in zip(shown, rows)]

    def _prune(self):
        for row in self.db.execute("SELECT station FROM frames GROUP BY station").fetchall():
            delete = (
                "DELETE FROM frames WHERE station = ? AND n <= (SELECT n FROM frames"
                " WHERE station = ? ORDER BY n DESC LIMIT 1 OFFSET ?)"
            )
            self.db.execute(delete, (row[0], row[0], self._keep))


def _token(row):
    token = {"idTag": row["id_tag"], "status": row["status"], "type": row["type"]}
    limit = json.loads(row["limits"])
    return dict(token, group=row["grp"], expiry=row["expiry"], limit=limit)
