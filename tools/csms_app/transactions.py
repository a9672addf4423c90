"""Transactions, their events and meter values, in SQLite.

A message delivered twice changes nothing the second time.
"""

import hashlib
import json

from csms_app import metering

_SCHEMA = """
CREATE TABLE IF NOT EXISTS transactions (
  id INTEGER PRIMARY KEY AUTOINCREMENT, station TEXT NOT NULL, version TEXT NOT NULL,
  tx_id TEXT, digest TEXT, evse INTEGER, connector INTEGER, id_tag TEXT, type TEXT,
  start TEXT, stop TEXT, meter_start REAL, meter_stop REAL, meter_last REAL,
  reason TEXT, stop_id_tag TEXT, reservation INTEGER, charging_state TEXT,
  active INTEGER NOT NULL, UNIQUE (station, tx_id), UNIQUE (station, digest));
CREATE TABLE IF NOT EXISTS events (
  tx INTEGER NOT NULL, seq INTEGER, event TEXT NOT NULL, digest TEXT NOT NULL,
  UNIQUE (tx, digest));
CREATE TABLE IF NOT EXISTS meter_values (
  n INTEGER PRIMARY KEY, station TEXT NOT NULL, evse INTEGER, tx INTEGER,
  value TEXT NOT NULL, digest TEXT NOT NULL, UNIQUE (station, evse, digest));
CREATE INDEX IF NOT EXISTS meter_values_tx ON meter_values (tx);
"""


class Transactions:
    """The transaction tables of an open database."""

    def __init__(self, db):
        self.db = db
        db.executescript(_SCHEMA)

    def start16(self, station, payload):
        """Store a StartTransaction of 1.6, return its id. A repeated one gets the same id."""
        keys = ("connectorId", "idTag", "timestamp", "meterStart")
        digest = _digest([payload[k] for k in keys])
        select = "SELECT id FROM transactions WHERE station = ? AND digest = ?"
        known = self.db.execute(select, (station, digest)).fetchone()
        if known:
            return known["id"]
        values = {
            "station": station,
            "version": "1.6",
            "digest": digest,
            "evse": payload["connectorId"],
            "connector": 1,
            "id_tag": payload["idTag"],
            "start": payload["timestamp"],
            "meter_start": payload["meterStart"],
            "reservation": payload.get("reservationId"),
            "active": 1,
        }
        with self.db:
            return self._insert_with_own_id(values)

    def _insert_with_own_id(self, values):
        """The row's number becomes the transaction id, unless a stop has claimed it before."""
        while True:
            id = self._insert(values)
            taken = "SELECT 1 FROM transactions WHERE station = ? AND tx_id = ?"
            if not self.db.execute(taken, (values["station"], str(id))).fetchone():
                self.db.execute("UPDATE transactions SET tx_id = ? WHERE id = ?", (str(id), id))
                return id
            self.db.execute("DELETE FROM transactions WHERE id = ?", (id,))

    def stop16(self, station, payload):
        """Store a StopTransaction of 1.6, also of an unknown transaction. Returns the row."""
        with self.db:
            tx = self._find(station, str(payload["transactionId"]), "1.6")
            changes = {
                "stop": payload["timestamp"],
                "meter_stop": payload["meterStop"],
                "meter_last": payload["meterStop"],
                "reason": payload.get("reason", "Local"),
                "stop_id_tag": payload.get("idTag"),
                "active": 0,
            }
            if tx["stop"] is None:
                self._update(tx["id"], changes)
            for value in payload.get("transactionData", ()):
                self._meter_value(station, tx["evse"], tx["id"], value)
            return self._row(tx["id"])

    def event2(self, station, version, payload):
        """Store a TransactionEvent of 2.x. Returns the row. A repeated one changes nothing."""
        with self.db:
            tx = self._find(station, payload["transactionInfo"]["transactionId"], version)
            text = json.dumps(payload, sort_keys=True)
            row = (
                tx["id"],
                payload["seqNo"],
                text,
                _digest([payload["seqNo"], payload["timestamp"]]),
            )
            done = self.db.execute("INSERT OR IGNORE INTO events VALUES (?,?,?,?)", row)
            if done.rowcount:
                self._update(tx["id"], metering.changes2(tx, payload))
                evse = payload.get("evse", {}).get("id", tx["evse"])
                for value in payload.get("meterValue", ()):
                    self._meter_value(station, evse, tx["id"], value)
            return self._row(tx["id"])

    def meter_values(self, station, evse, tx_id, values):
        """Store MeterValues; `tx_id`: the 1.6 transaction they name, or None."""
        with self.db:
            tx = None
            if tx_id is not None:
                tx = self._known(station, str(tx_id))
            for value in values:
                self._meter_value(station, evse, tx["id"] if tx else None, value)
            if tx and tx["active"]:
                last = metering.register_wh(values)
                if last is not None:
                    self._update(tx["id"], {"meter_last": last})
            return self._row(tx["id"]) if tx else None

    def all(self, station=None, active=None, limit=-1):
        """Rows, newest first."""
        where, values = ["1"], []
        if station is not None:
            where.append("station = ?")
            values.append(station)
        if active is not None:
            where.append("active = ?")
            values.append(int(active))
        select = "SELECT * FROM transactions WHERE %s ORDER BY id DESC LIMIT ?"
        return self.db.execute(select % " AND ".join(where), (*values, limit)).fetchall()

    def get(self, tx_id, station=None):
        """The newest row with this transaction id; ids of 2.x are unique per station only."""
        rows = "SELECT * FROM transactions WHERE tx_id = ? AND (? IS NULL OR station = ?)"
        found = self.db.execute(rows + " ORDER BY id DESC LIMIT 1", (tx_id, station, station))
        return found.fetchone()

    def details(self, tx):
        """(meter values, events) of a row, as JSON values in the order of arrival."""
        values = self.db.execute("SELECT value FROM meter_values WHERE tx = ? ORDER BY n", (tx,))
        events = self.db.execute("SELECT event FROM events WHERE tx = ? ORDER BY rowid", (tx,))
        return [json.loads(r[0]) for r in values], [json.loads(r[0]) for r in events]

    def _find(self, station, tx_id, version):
        """The row, made if it does not exist."""
        row = self._known(station, tx_id)
        if row is None:
            values = {"station": station, "version": version, "tx_id": tx_id, "active": 1}
            row = self._row(self._insert(values))
        return row

    def _known(self, station, tx_id):
        select = "SELECT * FROM transactions WHERE station = ? AND tx_id = ?"
        return self.db.execute(select, (station, tx_id)).fetchone()

    def _row(self, id):
        return self.db.execute("SELECT * FROM transactions WHERE id = ?", (id,)).fetchone()

    def _insert(self, values):
        names = ", ".join(values)
        marks = ", ".join("?" * len(values))
        insert = "INSERT INTO transactions (%s) VALUES (%s)" % (names, marks)
        return self.db.execute(insert, tuple(values.values())).lastrowid

    def _update(self, id, values):
        if values:
            update = "UPDATE transactions SET %s WHERE id = ?" % ", ".join(
                k + " = ?" for k in values
            )
            self.db.execute(update, (*values.values(), id))

    def _meter_value(self, station, evse, tx, value):
        text = json.dumps(value, sort_keys=True)
        row = (station, evse, tx, text, _digest([tx, text]))
        self.db.execute(
            "INSERT OR IGNORE INTO meter_values (station, evse, tx, value, digest)"
            " VALUES (?,?,?,?,?)",
            row,
        )


def _digest(value):
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
