"""What the CSMS does besides: certificates, files, profiles and reservations kept, kill -9."""

import asyncio
import ftplib
import io
import json
import re
import signal
import subprocess
import sys
import urllib.request

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from csms_process import CSMS, TOOLS, exchange, raw_station, run, until
from patience import patient

pytestmark = pytest.mark.slow

T0 = "2026-01-01T00:00:00Z"
PEM = serialization.Encoding.PEM


@pytest.fixture(scope="module")
def csms(tmp_path_factory):
    with CSMS(tmp_path_factory.mktemp("csms"), {"ftp_port": 0}) as process:
        yield process
        assert "Traceback" not in process.log()


def csr(name, key=None):
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    request = x509.CertificateSigningRequestBuilder().subject_name(subject)
    return key, request.sign(key, hashes.SHA256()).public_bytes(PEM).decode()


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
def test_a_certificate_is_signed_and_sent(csms, version):
    id = "sign" + version
    key, request = csr(id)

    async def body():
        async with raw_station(csms, id, version) as socket:
            await socket.send(json.dumps([2, "1", "SignCertificate", {"csr": request}]))
            assert json.loads(await socket.recv()) == [3, "1", {"status": "Accepted"}]
            kind, number, action, payload = json.loads(await socket.recv())
            assert (kind, action) == (2, "CertificateSigned")
            await socket.send(json.dumps([3, number, {"status": "Accepted"}]))
            return payload

    payload = run(body())
    made, root = x509.load_pem_x509_certificates(payload["certificateChain"].encode())
    made.verify_directly_issued_by(root)
    assert made.public_key() == key.public_key()
    assert payload.get("certificateType") == (
        None if version == "1.6" else "ChargingStationCertificate"
    )
    known = csms.get("/api/certificates")
    assert known["authority"] == root.public_bytes(PEM).decode()
    assert known["certificates"][0]["serial"] == "%x" % made.serial_number
    assert known["certificates"][0]["station"] == id


def test_requests_that_get_no_certificate(csms):
    weak = rsa.generate_private_key(65537, 1024)
    wrong = csr("liar")[1].splitlines()
    wrong[2] = wrong[2][:-8] + wrong[2][-1] + wrong[2][-7:]
    bad = [csr("another")[1], csr("liar", weak)[1], "\n".join(wrong), "no PEM", ""]
    boot = {"chargePointVendor": "V", "chargePointModel": "M", "chargePointSerialNumber": "victim"}
    csms.api("PUT", "/api/stations/victim", {})

    async def body():
        async with raw_station(csms, "liar") as socket:
            await exchange(socket, 2, "0", "BootNotification", boot)
            for request in [*bad, csr("victim")[1]]:
                answer = await exchange(socket, 2, "1", "SignCertificate", {"csr": request})
                assert answer == [3, "1", {"status": "Rejected"}], request
            boot["chargePointSerialNumber"] = "4711"
            await exchange(socket, 2, "2", "BootNotification", boot)
            answer = await exchange(socket, 2, "3", "SignCertificate", {"csr": csr("4711")[1]})
            assert answer[2] == {"status": "Accepted"}

    run(body())


def test_files_by_http_and_ftp(csms):
    data = bytes(range(256)) * 500
    assert csms.request("PUT", "/files/fw-1.bin", data) == (
        200,
        {"name": "fw-1.bin", "bytes": len(data)},
    )
    with urllib.request.urlopen(csms.http + "files/fw-1.bin", timeout=patient(10)) as answer:
        assert answer.read() == data
    port = int(re.search(r"ftp: ftp://127.0.0.1:(\d+)/", csms.log())[1])
    with ftplib.FTP() as ftp:
        ftp.connect("127.0.0.1", port, 10)
        ftp.login()
        ftp.storbinary("STOR log.txt", io.BytesIO(b"what happened"))
        parts = []
        ftp.retrbinary("RETR fw-1.bin", parts.append)
        assert b"".join(parts) == data
        with pytest.raises(ftplib.error_perm):
            ftp.delete("fw-1.bin")
    assert csms.get("/api/files")["files"] == [
        {"name": "fw-1.bin", "bytes": len(data)},
        {"name": "log.txt", "bytes": 13},
    ]
    assert csms.api("DELETE", "/files/fw-1.bin") == (200, {})
    assert csms.api("GET", "/files/fw-1.bin")[0] == 404


@pytest.mark.parametrize(
    "name", ["..%2Fcsms.json", ".hidden", "%2Fetc%2Fpasswd", "a%20b", "x" * 101]
)
def test_bad_file_names(csms, name):
    for method in ("GET", "PUT", "DELETE"):
        assert csms.request(method, "/files/" + name, b"x" if method == "PUT" else None)[0] == 400


def test_profiles_and_reservations_outlive_the_csms(tmp_path):
    profile = {
        "chargingProfileId": 5,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": {
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10}],
        },
    }
    reserve = {"connectorId": 1, "expiryDate": T0, "idTag": "X", "reservationId": 9}
    calls = [
        ("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": profile}),
        ("ReserveNow", reserve),
    ]

    async def body(csms, calls):
        async with raw_station(csms, "cp") as socket:
            for action, payload in calls:
                sent = asyncio.ensure_future(csms.send("cp", action, payload))
                frame = json.loads(await socket.recv())
                await socket.send(json.dumps([3, frame[1], {"status": "Accepted"}]))
                assert (await sent)[0] == 200

    with CSMS(tmp_path) as csms:
        run(body(csms, calls))
    with CSMS(tmp_path) as csms:
        known = csms.get("/api/stations/cp")
        assert known["profiles"] == [calls[0][1]]
        assert known["reservations"] == [reserve]
        run(
            body(csms, [("ClearChargingProfile", {}), ("CancelReservation", {"reservationId": 9})])
        )
        known = csms.get("/api/stations/cp")
        assert (known["profiles"], known["reservations"]) == ([], [])


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
def test_a_reservation_that_was_used_or_ended_is_forgotten(csms, version):
    start = {"connectorId": 1, "idTag": "X", "meterStart": 0, "timestamp": T0}
    event = {
        "eventType": "Started",
        "triggerReason": "Authorized",
        "seqNo": 0,
        "timestamp": T0,
        "transactionInfo": {"transactionId": "T1"},
    }
    told = {
        "1.6": [("StartTransaction", dict(start, reservationId=n)) for n in (8, 9)],
        "2.0.1": [
            ("TransactionEvent", dict(event, reservationId=8)),
            (
                "ReservationStatusUpdate",
                {"reservationId": 9, "reservationUpdateStatus": "Expired"},
            ),
        ],
    }[version]

    def known():
        kept = csms.get("/api/stations/res-" + version)["reservations"]
        return [r.get("reservationId", r.get("id")) for r in kept]

    async def body():
        async with raw_station(csms, "res-" + version, version) as socket:
            for id in (8, 9):
                token = {"idToken": "X", "type": "ISO14443"}
                wanted = {"id": id, "expiryDateTime": T0, "idToken": token, "evseId": 1}
                if version == "1.6":
                    wanted = {
                        "connectorId": 1,
                        "expiryDate": T0,
                        "idTag": "X",
                        "reservationId": id,
                    }
                sent = asyncio.ensure_future(
                    csms.send("res-" + version, "ReserveNow", wanted, "?check=0")
                )
                frame = json.loads(await socket.recv())
                await socket.send(json.dumps([3, frame[1], {"status": "Accepted"}]))
                assert (await sent)[0] == 200
            assert known() == [8, 9]
            for left, (action, payload) in zip(([9], []), told):
                await socket.send(json.dumps([2, action, action, payload]))
                assert json.loads(await socket.recv())[0] == 3
                assert known() == left

    run(body())


def test_kill_9_loses_no_acknowledged_transaction_message(tmp_path):
    """In the midst of three stations that send as fast as they get answers."""

    def event(id, seq):
        kind = "Started" if seq == 0 else "Updated"
        info = {"transactionId": id}
        at = "2026-01-01T00:%02d:%02dZ" % (seq // 60 % 60, seq % 60)
        return {
            "eventType": kind,
            "timestamp": at,
            "triggerReason": "MeterValuePeriodic",
            "seqNo": seq,
            "transactionInfo": info,
        }

    async def send(csms, id, acknowledged):
        async with raw_station(csms, id, "2.0.1") as socket:
            for seq in range(10**6):
                answer = await exchange(socket, 2, str(seq), "TransactionEvent", event(id, seq))
                assert answer[0] == 3
                acknowledged[id] = seq

    async def body(csms):
        acknowledged = {}
        tasks = [asyncio.ensure_future(send(csms, id, acknowledged)) for id in ("k1", "k2", "k3")]
        await until(lambda: len(acknowledged) == 3 and min(acknowledged.values()) >= 20, 20)
        csms.stop(signal.SIGKILL)
        await asyncio.gather(*tasks, return_exceptions=True)
        return acknowledged

    with CSMS(tmp_path) as csms:
        acknowledged = run(body(csms))
        csms = CSMS(tmp_path)
        try:
            for id, last in acknowledged.items():
                stored = csms.get("/api/transactions/" + id)["events"]
                assert [e["seqNo"] for e in stored][: last + 1] == list(range(last + 1))
        finally:
            csms.stop()


def test_the_bench_of_many_stations_measures():
    command = [sys.executable, str(TOOLS.parent / "tests" / "bench" / "scale.py")]
    command += ["--stations", "8", "--interval", "1", "--seconds", "2"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=patient(60))
    assert done.returncode in (0, 1) and not done.stderr, done.stderr
    assert re.search(r"csms +median +[0-9.]+ ms .* of 16 answers", done.stdout), done.stdout
    assert re.search(r"ratio +median +[0-9.]+", done.stdout)


def test_a_flooding_and_a_double_charger_leave_the_others_served(csms):
    async def body():
        async with raw_station(csms, "flood", ping_interval=None) as flood:

            async def pour():
                for n in range(3000):
                    await flood.send(json.dumps([2, str(n), "Heartbeat", {}]))

            pouring = asyncio.ensure_future(pour())
            async with raw_station(csms, "calm") as calm:
                for n in range(5):
                    answer = await exchange(calm, 2, str(n), "Heartbeat", {})
                    assert answer[:2] == [3, str(n)]
                async with raw_station(csms, "calm") as double:
                    assert (await exchange(double, 2, "d", "Heartbeat", {}))[:2] == [3, "d"]
                    await asyncio.wait_for(calm.wait_closed(), 10)
                    assert calm.close_code == 1008
            pouring.cancel()

    run(body())
