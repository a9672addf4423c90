# timeout: 60
"""FTP with servers that do not do as they should; what works is in tests/integration."""

from central import fresh_directory
from support import raises
from transfer import TransferError, download, upload
from transfer_server import Scripted

LOGIN = ["220 hello\r\n", (b"USER me\r\n",), "331 go on\r\n", (b"PASS pw\r\n",), "230 in\r\n"]
TYPE = [(b"TYPE I\r\n",), "200 ok\r\n"]
SIZE = [(b"SIZE f\r\n",), "213 5\r\n", (b"MDTM f\r\n",), "213 20260101000000\r\n"]
NO_EPSV = [(b"EPSV\r\n",), "500 what\r\n", (b"PASV\r\n",)]
RETR = [(b"RETR f\r\n",), "150 comes\r\n"]
server = None
folder = None


def setup():
    global folder
    folder = fresh_directory()


def teardown():
    server.end()


def url(scheme="ftp"):
    return "%s://me:pw@127.0.0.1:%d/f" % (scheme, server.port)


def failed(*scripts, tick=1, scheme="ftp", **more):
    global server
    server = Scripted(*scripts)
    more.setdefault("stall_ms", 5000)
    job = download(url(scheme), folder + "/f", server.clock, **more)
    return raises(TransferError, lambda: server.run(job, tick=tick)).kind


def get(data, *end):
    """Download with the data connection as given. The control connection is the first one."""
    global server
    server = Scripted()
    port = server.port
    reply = "227 ok (10,1,2,3,%d,%d).\r\n" % (port // 256, port % 256)
    control = LOGIN + TYPE + SIZE + NO_EPSV + [reply] + RETR + list(end)
    server.scripts = [control, data]
    server.run(download(url(), folder + "/f", server.clock, stall_ms=5000))
    with open(folder + "/f", "rb") as f:
        return f.read()


def test_plain():
    assert get([b"hello"], "226 done\r\n") == b"hello"
    assert server.seen[0].endswith(b"PASV\r\nRETR f\r\n")


def test_too_little_came():
    e = raises(TransferError, get, [b"hel"], "226 done\r\n")
    assert e.kind == "closed"


def test_the_server_says_that_it_failed():
    e = raises(TransferError, get, [b"hello"], "451 disk error\r\n")
    assert e.kind == "status"


def test_data_stall():
    global server
    server = Scripted()
    reply = "227 (1,2,3,4,%d,%d)\r\n" % (server.port // 256, server.port % 256)
    server.scripts = [LOGIN + TYPE + SIZE + NO_EPSV + [reply] + RETR + ["stall"], [b"he", "stall"]]
    job = download(url(), folder + "/f", server.clock, stall_ms=5000)
    e = raises(TransferError, lambda: server.run(job, tick=20))
    assert e.kind == "timeout"


def test_no_ftp_server():
    for script, kind in (
        (["HTTP/1.1 400 Bad\r\n"], "protocol"),
        (["\xff\xfe\x00\r\n"], "protocol"),
        (["x" * 3000, "stall"], "protocol"),
        (["220-a\r\n"] + ["220-b\r\n"] * 200, "protocol"),
        (["421 too many\r\n", "stall"], "status"),
        (["close"], "closed"),
        (["220 hel", "close"], "closed"),
    ):
        assert failed(script) == kind, script[0][:20]
        server.end()


def test_stall_before_the_greeting():
    assert failed(["stall"], tick=20) == "timeout"


def test_refusals():
    assert failed([LOGIN[0], LOGIN[1], "530 no\r\n", "stall"]) == "denied"
    server.end()
    assert failed(LOGIN + TYPE + SIZE + NO_EPSV + ["502 no\r\n"]) == "unsupported"
    server.end()
    large = [(b"SIZE",), "213 9999999\r\n", (b"MDTM",), "500 no\r\n"]
    assert failed(LOGIN + TYPE + large) == "size"


def test_bad_passive_replies():
    begin = LOGIN + TYPE + SIZE
    for reply in ("x", "(1)", "(0,0,0,0,0,0)", "(1,2,3,4,999,1)"):
        script = begin + NO_EPSV + ["227 %s\r\n" % reply, "stall"]
        assert failed(script) == "protocol", reply
        server.end()
    for reply in ("229 (|||x|)\r\n", "229 no\r\n", "229 (|||70000|)\r\n"):
        assert failed(begin + [(b"EPSV\r\n",), reply, "stall"]) == "protocol"
        server.end()


def test_no_tls():
    assert failed([LOGIN[0], (b"AUTH TLS\r\n",), "502 no\r\n", "stall"], scheme="ftps") == (
        "unsupported"
    )
    server.end()
    # What comes in clear text before TLS begins must not count for what is said under it
    script = [LOGIN[0], (b"AUTH TLS\r\n",), "234 go\r\n230 in already\r\n", "stall"]
    assert failed(script, scheme="ftps") == "protocol"


def test_upload_full():
    global server
    server = Scripted()
    with open(folder + "/s", "wb") as f:
        f.write(b"hello")
    script = LOGIN + TYPE + [(b"EPSV\r\n",), "229 (|||%d|)\r\n" % server.port]
    script += [(b"STOR f/d.log\r\n",), "552 no room\r\n", "stall"]
    server.scripts = [script, ["stall"]]
    job = upload(url(), "d.log", folder + "/s", server.clock)
    assert raises(TransferError, lambda: server.run(job)).kind == "size"
