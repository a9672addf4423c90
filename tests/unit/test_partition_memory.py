"""A flash that takes nothing: the state is kept in memory."""

import os

import partition
import vfs

from ocpp.store import Store


def root():
    return os.getenv("TMPDIR")


def test_a_flash_that_takes_files_is_used():
    folder = root()
    assert partition.takes(folder) and partition.takes(folder)
    assert os.stat(folder + "/state")[0] & 0x4000


def test_a_flash_that_takes_nothing():
    assert not partition.takes(root() + "/nowhere")


def test_in_memory_with_the_files_of_the_configuration():
    folder = root() + "/configured"
    os.mkdir(folder)
    os.mkdir(folder + "/state")
    with open(folder + "/config.json", "w") as file:
        file.write('{"board": "sim"}')
    with open(folder + "/large", "w") as file:
        file.write("x" * 5000)
    partition.in_memory(folder, "/memory")
    try:
        assert sorted(os.listdir("/memory")) == ["config.json"]
        with open("/memory/config.json") as file:
            assert file.read() == '{"board": "sim"}'
        assert partition.takes("/memory")
        store = Store("/memory/state")
        for n in range(40):  # more than fits at a time: old blocks are used again
            assert store.save("settings", {"HeartbeatInterval": n})
        assert Store("/memory/state").load("settings") == {"HeartbeatInterval": 39}
    finally:
        vfs.umount("/memory")
