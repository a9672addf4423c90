"""What the CSMS does not take is kept, can be looked at, and is sent again on request, also after
a power cut."""

import pytest
from clients import ApiError
from core16 import sent
from core_support import TAG, begin, refusing, wait_id

pytestmark = pytest.mark.slow


def test_parked_shown_and_sent_again(ocpp_csms, charger, tmp_path):
    settings = {"TransactionMessageAttempts": "2", "TransactionMessageRetryInterval": "0"}
    options = ("--flash", str(tmp_path / "flash"))
    cs = charger(ocpp_csms, settings=settings, options=options)
    assert cs.get("/api/parked") == {"parked": []}
    begin(cs, ocpp_csms)
    given = wait_id(cs)
    refusing(ocpp_csms, "StopTransaction", 2)
    cs.card(TAG, connector=1)
    cs.wait_until(lambda s: s["ocpp"]["parked"] == 1)
    (parked,) = cs.get("/api/parked")["parked"]
    tries = sent(ocpp_csms, "StopTransaction")
    assert len(tries) == 2
    assert parked["kind"] == "end" and parked["transaction"] == given
    assert parked["time"] == tries[0].payload["timestamp"] and "InternalError" in parked["why"]
    assert parked["data"]["id"] == TAG and parked["data"]["wh"] == tries[0].payload["meterStop"]
    with pytest.raises(ApiError) as caught:
        cs.post("/api/parked/resend", {"all": True})
    assert caught.value.status == 400
    cs.kill()
    cs.start()
    cs.wait_accepted()
    assert cs.get("/api/parked") == {"parked": [parked]}
    assert cs.post("/api/parked/resend") == {}
    cs.wait_until(lambda s: s["ocpp"]["parked"] == 0 and s["ocpp"]["queued"] == 0)
    again = sent(ocpp_csms, "StopTransaction")
    assert len(again) == 3 and again[2].payload == tries[0].payload
    assert cs.get("/api/parked") == {"parked": []}
