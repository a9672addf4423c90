"""What goes onto a chip: trees, images that are read back and booted, UF2, deploying, flashing."""

import json
import subprocess
import sys

import pytest
from mpunit import ROOT, micropython
from patience import patient

sys.path.insert(0, str(ROOT / "tools"))

import device
from charger_app import build
from device_app import image, layout, pack, tree, uf2, write

CONFIG = {
    "ocpp": {"url": "ws://192.168.1.5:9000/", "id": "cp1"},
    "charge_point": {"vendor": "ocppy"},
    "network": {"wifi": [{"ssid": "home", "password": "secret99"}]},
}
ONE_A_CHIP = ("esp32_devkitc", "esp32s3_devkitc", "pico_w", "pico2_w")


@pytest.fixture
def config(tmp_path):
    def write(**more):
        path = tmp_path / "config.json"
        path.write_text(json.dumps({**CONFIG, **more}))
        return path

    return write


def made(board, config=None, storage=None):
    where = layout.of(build.facts(board), storage)
    files = tree.of(board, config, where.size)
    return where, files, image.make(files, where)


def booted(folder, board, data, where, *frozen):
    path = folder / "flash.img"
    path.write_bytes(data)
    program = ROOT / "tests" / "integration" / "image_boot.py"
    chip = build.facts(board)["chip"]["name"]
    command = [micropython(), "-X", "heapsize=4M", program, path, where.prog, chip]
    command = [str(word) for word in [*command, ROOT / "tests" / "fakes", *frozen]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=patient(120))
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.strip().splitlines()[-1])


@pytest.mark.slow
@pytest.mark.parametrize("board", ["pico_w", "esp32s3_devkitc"])
def test_an_image_is_read_back_and_booted(board, config, tmp_path):
    """One with its modules in a pack, one with a file for each."""
    where, _, (data, used) = made(board, config())
    assert len(data) == where.size and used < where.size * 3 // 4
    found = booted(tmp_path, board, data, where)
    assert {"boot.py", "main.py", "data"} <= set(found["names"])
    assert ("lib.pack" in found["names"]) == (where.size <= 3 << 20)
    assert found["id"] == "cp1" and len(found["status"]) == 1
    assert found["error"] == "network down"  # no such Wi-Fi here: it runs without
    assert {"label", "starts"}.isdisjoint(found["names"]) and "spare" in found["left"]


@pytest.mark.slow
def test_an_image_beside_frozen_modules_is_booted(config, tmp_path):
    where = layout.of(build.facts("pico_w"))
    files = tree.of("pico_w", config(), where.size, frozen=True)
    data, used = image.make(files, where)
    assert used < where.size // 8 and "/lib.pack" not in files
    found = booted(tmp_path, "pico_w", data, where, build.build(board="pico_w"))
    assert found["id"] == "cp1" and len(found["status"]) == 1


@pytest.mark.slow
def test_an_image_without_a_configuration_comes_up_for_set_up(tmp_path):
    where, _, (data, _) = made("pico_w")
    found = booted(tmp_path, "pico_w", data, where)
    assert found["set_up"] and "data" not in found["names"]


def test_layouts_are_those_of_the_stock_firmware():
    for board, start, size in (
        ("esp32_devkitc", 0x200000, 0x200000),
        ("esp32s3_devkitc", 0x200000, 0x600000),
        ("pico_w", 0x12C000, 868352),
        ("pico2_w", 0x180000, 2621440),
    ):
        found = layout.of(build.facts(board))
        assert (found.start, found.size) == (start, size)
    assert layout.of(build.facts("pico_w"), 1441792).uf2[0] == 0x100A0000
    with pytest.raises(build.BuildError, match="multiple of 4096"):
        layout.of(build.facts("pico_w"), 1000)


def test_only_the_versions_that_are_asked_for(config):
    def packages(version):
        told = config(ocpp={**CONFIG["ocpp"], "version": version})
        files = tree.of("esp32s3_devkitc", told, 9 << 20)
        return {p.split("/")[3] for p in files if p.startswith("/lib/ocpp/v")}

    assert packages("1.6") == {"v16"}
    assert packages("2.0.1") == {"v2"}
    assert packages(["2.0.1", "1.6"]) == {"v16", "v2"}


def test_the_simulator_stays_at_home():
    files = tree.of("esp32s3_devkitc", None, 9 << 20)
    assert not [p for p in files if "/sim/" in p]
    assert "/lib/unix.mpy" not in files and "/lib/replay.mpy" not in files
    for path in (
        "/lib/chip.mpy",
        "/lib/hardware/board.mpy",
        "/lib/microdot.mpy",
        "/lib/www/console.js.gz",
    ):
        assert path in files
    assert files["/main.py"].startswith(b'"""') and "/lib/main.mpy" not in files


@pytest.mark.slow
@pytest.mark.parametrize("board", ONE_A_CHIP)
def test_all_of_it_fits(board):
    where, files, (_, used) = made(board)
    assert used < where.size * 3 // 4
    assert "/lib/main.mpy" not in files


def test_a_configuration_brings_its_files_and_has_the_right_board(config, tmp_path):
    (tmp_path / "ca.pem").write_text("CERTIFICATE")
    files = tree.of("pico_w", config(ocpp={**CONFIG["ocpp"], "ca_file": "ca.pem"}), 868352)
    assert files["/data/ca.pem"] == b"CERTIFICATE"
    assert json.loads(files["/data/config.json"])["board"] == "pico_w"
    with pytest.raises(build.BuildError, match="for board pico2_w, not pico_w"):
        tree.of("pico_w", config(board="pico2_w"))


def test_what_does_not_fit_is_said():
    where = layout.Layout(0, 64 * 4096, 256)
    with pytest.raises(build.BuildError, match="do not fit into 262144"):
        image.make({"/a": bytes(300000)}, where)


def test_uf2():
    data = b"\xff" * 4096 + b"x" * 100 + b"\xff" * 3996 + b"\xff" * 8192 + b"y" * 10
    file = uf2.pack(data, 0x10100000, 0xE48BFF56)
    pages = uf2.unpack(file)
    assert len(pages) == 17 and set(map(len, pages.values())) == {256}
    assert pages[0x10101000][:101] == b"x" * 100 + b"\xff"
    assert pages[0x10104000][:11] == b"y" * 10 + b"\xff"
    assert 0x10100000 not in pages and 0x10102000 not in pages
    assert int.from_bytes(file[28:32], "little") == 0xE48BFF56
    assert int.from_bytes(file[24:28], "little") == 17
    for bad in (file[:-1], b"\0" * 512):
        with pytest.raises(ValueError, match="not UF2"):
            uf2.unpack(bad)


def test_a_pack_refuses_names_that_it_could_not_tell_apart(monkeypatch):
    monkeypatch.setattr(pack.binascii, "crc32", lambda data: 7)
    with pytest.raises(build.BuildError, match="can't be told apart"):
        pack.make({"a": b"", "b": b""})


class Board:
    """Answers what `write.deploy` runs."""

    def __init__(self, there=(), known=None):
        self.there = list(there)
        self.known = known or {}
        self.copied, self.removed, self.commands = [], [], []

    def __call__(self, command, show=False):
        words = command[3:]
        self.commands.append(words)
        if words[2] == "exec" and "ilistdir" in words[3]:
            return "noise\n" + json.dumps([self.there, self.known]) + "\n"
        if words[2:4] == ["fs", "cp"]:
            self.copied.append(words[5])
        if words[2:4] == ["fs", "rm"]:
            self.removed.append(words[4])
        return ""


def test_deploy_copies_only_what_has_changed(capsys):
    files = {"/main.py": b"1", "/lib/a.mpy": b"2", "/lib/p/b.mpy": b"3"}
    board = Board()
    assert write.deploy("/dev/x", files, board) == 0
    assert board.copied == [":/main.py", ":/lib/a.mpy", ":/lib/p/b.mpy", ":/hashes"]
    assert "[  3/3] /lib/p/b.mpy, 1 bytes" in capsys.readouterr().out
    assert "machine.reset" in board.commands[-1][4]

    known = {p: write.hashlib.sha256(data).hexdigest() for p, data in files.items()}
    there = [*files, "/lib/old.mpy", "/data/state/x", "/label"]
    board = Board(there, known)
    write.deploy("/dev/x", {**files, "/lib/a.mpy": b"new"}, board)
    assert board.copied == [":/lib/a.mpy", ":/hashes"] and board.removed == [":/lib/old.mpy"]

    with pytest.raises(write.WriteError, match="did not answer"):
        write.deploy("/dev/x", files, lambda command: "Traceback")


def test_flash_by_esptool(tmp_path):
    firmware = tmp_path / "mp.bin"
    firmware.write_bytes(b"PK\x03\x04")
    where = layout.of(build.facts("esp32_devkitc"))
    with pytest.raises(write.WriteError, match="no image for an ESP32"):
        write.flash("/dev/x", "esp32", firmware, where, b"image", print)
    firmware.write_bytes(b"\xe9firmware")
    ran = []
    where = layout.of(build.facts("esp32_devkitc"))
    write.flash("/dev/x", "esp32", firmware, where, b"image", lambda c, show: ran.append(c[3:]))
    words = ran[0]
    assert words[:7] == ["--chip", "esp32", "--port", "/dev/x", "--baud", "460800", "write-flash"]
    assert words[7:10] == ["0x1000", str(firmware), "0x200000"]
    with pytest.raises(write.WriteError, match="no file"):
        write.flash("/dev/x", "esp32", tmp_path / "none", where, b"", print)


def test_esptool_knows_these_words():
    command = [*write.ESPTOOL, "--chip", "esp32", "write-flash", "--help"]
    done = subprocess.run(command, capture_output=True)
    assert done.returncode == 0, done.stderr


def test_flash_by_uf2(tmp_path):
    firmware = tmp_path / "mp.uf2"
    firmware.write_bytes(uf2.pack(b"mp" * 300, 0x10000000, 0xE48BFF56))
    drive = tmp_path / "drive"
    drive.mkdir()
    where = layout.of(build.facts("pico_w"))
    with pytest.raises(write.WriteError, match="boot mode"):
        write.flash(str(drive), "rp2040", firmware, where, b"image")
    (drive / "INFO_UF2.TXT").write_text("UF2")
    write.flash(str(drive), "rp2040", firmware, where, b"image")
    pages = uf2.unpack((drive / "ocppy.uf2").read_bytes())
    assert pages[0x10000000][:4] == b"mpmp" and pages[where.uf2[0]][:5] == b"image"
    firmware.write_bytes(uf2.pack(b"mp", 0x10130000, 0xE48BFF56))
    with pytest.raises(write.WriteError, match="larger"):
        write.flash(str(drive), "rp2040", firmware, where, b"image")
    firmware.write_bytes(b"no")
    with pytest.raises(write.WriteError, match="not UF2"):
        write.flash(str(drive), "rp2040", firmware, where, b"image")


def test_the_command_line(tmp_path, config, capsys):
    assert device.main(["image", "pico_w", "--config", str(config()), "--out", str(tmp_path)]) == 0
    assert len((tmp_path / "pico_w.img").read_bytes()) == 868352
    pages = uf2.unpack((tmp_path / "pico_w.uf2").read_bytes())
    assert min(pages) == 0x1012C000
    assert device.main(["image", "nope"]) == 2
    assert "there are: esp32_devkitc" in capsys.readouterr().err
    for words, said in (
        (["tree", "sim"], "see tools/charger"),
        (["image", "esp32_devkitc", "--storage", "4096"], "for RP2 boards"),
        (["image", "pico_w", "--storage", "4096"], "do not fit"),
        (["image", "pico_w", "--out", "/proc/none"], "No such file"),
        (["tree", "pico_w", "--config", str(tmp_path / "none")], "No such file"),
    ):
        assert device.main(words) == 2
        assert said in capsys.readouterr().err, words
    assert device.main(["tree", "esp32_devkitc"]) == 0
    assert "esp32_devkitc: " in capsys.readouterr().out
