# marks: slow
# heap: 3M
"""Block N of OCPP 2.0.1: logs and customer information by the test cases of part 6. Monitors:
`test_monitoring201.py`."""

import json

from test_session201 import setup201

from ocpp.station.identity import IdInfo
from ocpp.station.local_list import line


class Transfers:
    """Takes uploads, or fails."""

    def __init__(self):
        self.kind = None  # of the failures
        self.hold = False  # True: an upload goes on and on
        self.tried = []

    def put(self, url, name, path):
        self.tried.append((url, name))
        while self.hold:
            yield
        if self.kind:
            raise Failure(self.kind)
        yield


class Failure(Exception):
    def __init__(self, kind):
        super().__init__(kind)
        self.kind = kind


def station():
    s = setup201()
    s.files = Transfers()
    s.station.transfers = lambda: s.files
    s.csms.forget()
    return s


def get_log(s, id=1, kind="DiagnosticsLog", **more):
    asked = {"logType": kind, "requestId": id, "log": {"remoteLocation": "http://x/"}}
    asked.update(more)
    return s.ask("GetLog", asked, 2000)


def told(s):
    return [(p["status"], p.get("requestId")) for p in s.csms.sent("LogStatusNotification")]


def test_tc_n_25_35_logs_are_uploaded():
    for id, kind in ((1, "DiagnosticsLog"), (2, "SecurityLog")):
        s = station()
        answer = get_log(s, id, kind)
        assert answer["status"] == "Accepted" and answer["filename"]
        s.run(3000)
        assert told(s) == [("Uploading", id), ("Uploaded", id)], told(s)
        wanted = {"requestedMessage": "LogStatusNotification"}
        assert s.ask("TriggerMessage", wanted) == {"status": "Accepted"}
        s.run(500)
        assert told(s)[-1] == ("Idle", None)


def test_tc_n_26_an_upload_fails():
    s = station()
    s.files.kind = "denied"
    assert get_log(s, 3, retries=3, retryInterval=5)["status"] == "Accepted"
    s.run(30000)
    assert len(s.files.tried) == 4
    assert told(s)[0] == ("Uploading", 3) and told(s)[-1] == ("PermissionDenied", 3)


def test_tc_n_36_a_second_request():
    s = station()
    s.files.hold = True
    assert get_log(s, 1)["status"] == "Accepted"
    s.run(1500)
    answer = get_log(s, 2)
    assert answer["status"] == "AcceptedCanceled" and answer["filename"]
    s.run(1000)
    s.files.hold = False
    s.run(3000)
    assert told(s) == [
        ("Uploading", 1),
        ("AcceptedCanceled", 1),
        ("Uploading", 2),
        ("Uploaded", 2),
    ], told(s)


CARD = {"idToken": "TAG1", "type": "ISO14443"}


def ask(s, report=True, clear=False, **who):
    s.csms.forget()
    asked = dict(who, requestId=9, report=report, clear=clear)
    status = s.ask("CustomerInformation", asked, 1000)["status"]
    s.run(2000)
    found = s.csms.sent("NotifyCustomerInformation")
    if not found:
        return status, None
    assert [p["seqNo"] for p in found] == list(range(len(found)))
    assert [p["tbc"] for p in found] == [True] * (len(found) - 1) + [False]
    assert all(p["requestId"] == 9 for p in found)
    return status, "".join([p["data"] for p in found])


def known():
    s = setup201()
    s.station.auth_cache_put({"idTag": "TAG1", "group": "G1"})
    for _ in s.station.part("local_list").update(1, [line("TAG1", IdInfo("Accepted"))], True):
        pass
    return s


def test_tc_n_27_what_is_known():
    s = known()
    status, text = ask(s, idToken=CARD)
    assert status == "Accepted" and "cache: Accepted, group G1" in text, text
    assert "local list: Accepted" in text


def test_tc_n_28_nothing_is_known():
    s = setup201()
    assert ask(s, idToken=CARD) == ("Accepted", "")


def test_tc_n_30_31_32_forgotten():
    s = known()
    status, text = ask(s, clear=True, idToken=CARD)  # N_30
    assert status == "Accepted" and "cache" in text
    status, text = ask(s, idToken=CARD)
    assert "cache" not in text and "local list" in text  # N10.FR.02
    assert s.station.authorization.cache.get("TAG1") is None
    other = {"idToken": "TAG2", "type": "ISO14443"}
    assert ask(s, clear=True, idToken=other) == ("Accepted", "")  # N_31
    status, text = ask(s, report=False, clear=True, idToken=other)  # N_32
    assert status == "Accepted" and text


def test_tc_n_62_by_the_identifier_of_the_customer():
    s = setup201()
    book = {"Jane": ["0123456789" * 60]}

    def on_customer(what, value, clear):
        found = book.get(value) if what == "customerIdentifier" else None
        if clear:
            book.pop(value, None)
        return found

    s.station.on_customer = on_customer
    assert ask(s, clear=True, customerIdentifier="Jane") == ("Accepted", "0123456789" * 60)
    assert ask(s, customerIdentifier="Jane") == ("Accepted", "")


def test_customer_information_that_is_wrong():
    s = setup201()
    assert ask(s) == ("Invalid", None)
    assert ask(s, idToken=CARD, customerIdentifier="Jane") == ("Invalid", None)
    assert ask(s, report=False, idToken=CARD) == ("Rejected", None)


def test_a_current_transaction_is_told_and_kept():
    s = setup201()
    s.charge()
    status, text = ask(s, clear=True, idToken=CARD)
    assert json.dumps(s.c.tx.id)[1:-1] in text and s.c.tx
