# timeout: 60
from central import fresh_directory
from support import raises
from transfer import TransferError, download, upload
from transfer.url import Url
from transfer_server import Scripted

END = (b"\r\n\r\n",)
OK = "HTTP/1.1 200 OK\r\n"
DATA = bytes(range(256)) * 20 + b"the end"
server = None
folder = None


def setup():
    global folder
    folder = fresh_directory()


def teardown():
    server.end()


def got(*scripts, path="/f.bin", state=None, **more):
    """Contents of the downloaded file."""
    global server
    server = Scripted(*scripts)
    job = download(server.url(path), folder + "/f", server.clock, state=state, **more)
    server.run(job)
    with open(folder + "/f", "rb") as f:
        return f.read()


def failed(*scripts, tick=1, state=None, **more):
    """Kind of the failure."""
    global server
    server = Scripted(*scripts)
    job = download(server.url(), folder + "/f", server.clock, state=state, **more)
    e = raises(TransferError, lambda: server.run(job, tick=tick))
    return e.kind


def test_plain_with_length():
    head = OK + "Content-Length: %d\r\n\r\n" % len(DATA)
    assert got([END, head, DATA], path="/a%20b.bin?x=1") == DATA
    request = server.seen[0].decode()
    assert request.startswith("GET /a%20b.bin?x=1 HTTP/1.1\r\nHost: 127.0.0.1:")
    assert "Range" not in request


def test_until_the_connection_ends():
    assert got([END, OK + "\r\n", DATA, "close"]) == DATA


def test_chunked():
    body = (
        b"5;x=y\r\n" + DATA[:5] + b"\r\n" + b"%x\r\n" % len(DATA[5:]) + DATA[5:] + b"\r\n0\r\n\r\n"
    )
    head = (OK + "Transfer-Encoding: chunked\r\n\r\n").encode()
    assert got([END, head + body]) == DATA


def test_head_in_single_bytes_and_a_provisional_answer():
    text = "HTTP/1.1 103 Early\r\nLink: x\r\n\r\n" + OK + "Content-Length: 3\r\n\r\nabc"
    assert got([END] + list(text)) == b"abc"


def test_password():
    global server
    server = Scripted([END, OK + "Content-Length: 1\r\n\r\nx"])
    url = server.url().replace("://", "://me:p%40ss@")
    server.run(download(url, folder + "/f", server.clock))
    assert b"Authorization: Basic bWU6cEBzcw==\r\n" in server.seen[0]


def test_resumed_after_a_cut():
    state = {}
    head = OK + 'ETag: "v1"\r\nContent-Length: %d\r\n\r\n' % len(DATA)
    assert failed([END, head, DATA[:2000], "close"], state=state) == "closed"
    server.end()
    assert state == {"tag": '"v1"'}
    part = "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 2000-%d/%d\r\n" % (
        len(DATA) - 1,
        len(DATA),
    )
    part += 'ETag: "v1"\r\nContent-Length: %d\r\n\r\n' % (len(DATA) - 2000)
    assert got([END, part, DATA[2000:]], state=state) == DATA
    assert b'Range: bytes=2000-\r\nIf-Range: "v1"\r\n' in server.seen[0]


def test_another_file_now_is_taken_from_its_beginning():
    with open(folder + "/f", "wb") as f:
        f.write(b"old" * 100)
    state = {"tag": '"v1"'}
    head = OK + 'ETag: "v2"\r\nContent-Length: 3\r\n\r\nnew'
    assert got([END, head], state=state) == b"new"
    assert state == {"tag": '"v2"'}


def test_a_file_that_has_become_shorter():
    with open(folder + "/f", "wb") as f:
        f.write(b"old" * 100)
    gone = "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: 0\r\n\r\n"
    whole = OK + "Content-Length: 3\r\n\r\nnew"
    assert got([END, gone], [END, whole], state={"tag": '"v1"'}) == b"new"
    assert b"Range" not in server.seen[1]


def test_a_wrong_range_is_refused():
    with open(folder + "/f", "wb") as f:
        f.write(b"0123456789")
    part = (
        "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-9/20\r\nContent-Length: 10\r\n\r\n"
    )
    assert failed([END, part + "x" * 10], state={"tag": "t"}) == "protocol"
    with open(folder + "/f", "rb") as f:
        assert f.read() == b"0123456789"


def test_redirections():
    hop = "HTTP/1.1 302 Found\r\nLocation: g?y=2\r\nContent-Length: 0\r\n\r\n"
    last = OK + "Content-Length: 1\r\n\r\nx"
    assert got([END, hop], [END, last], path="/d/f.bin") == b"x"
    assert server.seen[1].startswith(b"GET /d/g?y=2 HTTP/1.1\r\n")


def test_a_loop_of_redirections_ends():
    hop = "HTTP/1.1 301 Moved\r\nLocation: /f.bin\r\nContent-Length: 0\r\n\r\n"
    assert failed(*[[END, hop] for _ in range(6)]) == "status"
    assert len(server.seen) == 6


def test_redirected_out_of_http():
    hop = "HTTP/1.1 302 Found\r\nLocation: ftp://127.0.0.1/x\r\n\r\n"
    assert failed([END, hop]) == "status"


def test_no_downgrade():
    from transfer.http import _redirected

    e = raises(TransferError, _redirected, Url("https://a/x"), {"location": "http://a/x"})
    assert e.kind == "status"
    place = _redirected(Url("https://u:p@a/x"), {"location": "https://b/x"})
    assert place.user is None  # no password for strangers
    assert _redirected(Url("https://u:p@a/x"), {"location": "/y"}).password == "p"


def test_truncated():
    head = OK + "Content-Length: 100\r\n\r\nabc"
    assert failed([END, head, "close"]) == "closed"
    server.end()
    assert failed([END, OK + "Transfer-Encoding: chunked\r\n\r\n5\r\nabc", "close"]) == "closed"
    server.end()
    assert failed([END, "close"]) == "closed"


def test_too_large_is_refused_at_once():
    assert failed([END, OK + "Content-Length: 1000001\r\n\r\n"], limit=1000000) == "size"


def test_endless_ends_at_the_limit():
    assert failed([END, OK + "\r\n", b"x" * 40000, "stall"], limit=32768) == "size"
    import os

    assert os.stat(folder + "/f")[6] <= 32768


def test_stalls():
    scripts = (
        ["stall"],
        [END, "HTTP/1.1 200", "stall"],
        [END, OK + "Content-Length: 9\r\n\r\nab", "stall"],
    )
    for script in scripts:
        assert failed(script, tick=50, stall_ms=5000) == "timeout"
        server.end()


def test_a_trickle_is_given_up():
    trickle = ["x"] * 300
    assert failed([END, OK + "\r\n"] + trickle, tick=1000, stall_ms=30000) == "timeout"


def test_refusals():
    for status, kind in (
        (401, "denied"),
        (403, "denied"),
        (404, "missing"),
        (500, "status"),
        (501, "unsupported"),
    ):
        assert failed([END, "HTTP/1.1 %d No\r\nContent-Length: 0\r\n\r\n" % status]) == kind
        server.end()


def test_nonsense():
    for text in (
        "SSH-2.0-x\r\n",
        "HTTP/1.1 abc\r\n\r\n",
        OK + "no colon\r\n\r\n",
        OK + "Content-Length: -5\r\n\r\n",
        OK + "Content-Length: 99999999999\r\n\r\n",
        OK + "Transfer-Encoding: gzip\r\n\r\n",
        OK + "Content-Encoding: br\r\n\r\n",
        OK + "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        OK + "Transfer-Encoding: chunked\r\n\r\n-1\r\n",
        OK + "X: 1\r\n" * 70,
        OK + "X: " + "y" * 5000,
    ):
        assert failed([END, text, "close"]) == "protocol", text[:40]
        server.end()


def test_refused_connection():
    global server
    server = Scripted()
    server.server.listener.close()
    job = download(server.url(), folder + "/f", server.clock)
    assert raises(TransferError, server.run, job).kind == "tcp"


def test_full_disk():
    parts = [b"x" * 10000] * 30  # more than the disk has
    raises(OSError, got, [END, OK + "\r\n"] + parts)


def test_bad_urls():
    global server
    server = Scripted()
    for url in (
        "",
        "x",
        "file:///etc/passwd",
        "sftp://a/b",
        "http://",
        "http:///x",
        "http://a:0/",
        "http://a:b/",
        "http://a b/",
        "http://a/\r\nX: y",
        "http://[::1/",
        "http://u@",
        "http://a/" + "x" * 2000,
    ):
        assert raises(TransferError, Url, url).kind == "url", url
    u = Url("ftp://me:a%3Ab@h:2121/d/e%20f")
    assert (u.host, u.port, u.user, u.password, u.path) == ("h", 2121, "me", "a:b", "/d/e%20f")
    assert Url("HTTPS://[::1]:8443").authority() == "[::1]:8443"
    assert Url("http://a/b/c?x=://y").join("../d").path == "/b/../d"
    assert Url("http://a/b").join("//c/d").host == "c"
    raises(TransferError, list, download("ftp://h/a%0Db", folder + "/f", server.clock))


def sent(*scripts, path="/up/", name="d.log"):
    global server
    server = Scripted(*scripts)
    with open(folder + "/s", "wb") as f:
        f.write(DATA)
    server.run(upload(server.url(path), name, folder + "/s", server.clock))


def test_put():
    sent([(b"the end",), "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"])
    head, _, body = server.seen[0].partition(b"\r\n\r\n")
    assert head.startswith(b"PUT /up/d.log HTTP/1.1\r\n") and body == DATA
    assert b"Content-Length: %d" % len(DATA) in head


def test_put_to_a_signed_address_as_it_is():
    sent([(b"the end",), "HTTP/1.1 200 OK\r\n\r\n"], path="/bucket/key?sig=1")
    assert server.seen[0].startswith(b"PUT /bucket/key?sig=1 HTTP/1.1\r\n")


def test_post_where_put_is_not_allowed():
    no = "HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n"
    sent([END, no], [(b"--\r\n",), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"], path="/up")
    head, _, body = server.seen[1].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /up HTTP/1.1\r\n")
    fields = head.decode().split("\r\n")
    boundary = [f for f in fields if f.startswith("Content-Type")][0].split("boundary=")[1]
    assert b"Content-Length: %d" % len(body) in head
    assert body.startswith(b"--" + boundary.encode() + b"\r\nContent-Disposition: form-data; ")
    assert b'filename="d.log"' in body and DATA in body
    assert body.endswith(b"\r\n--" + boundary.encode() + b"--\r\n")


def test_upload_refused():
    e = raises(TransferError, sent, [END, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"])
    assert e.kind == "denied"
