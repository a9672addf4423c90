"""The code of the control API is there only while there are clients."""

import asyncio
import gc
import sys

import door


class Runner:
    def __init__(self):
        self.chores = []


class Api:
    made = 0

    def __init__(self, runner, door):
        Api.made += 1
        self.door = door
        self.going = True

    async def serve(self, reader, writer):
        while self.going:
            await asyncio.sleep_ms(0)


class Writer:
    closed = False

    async def aclose(self):
        self.closed = True


class Module:
    pass


def teardown():
    sys.modules.pop("api", None)


def module(api):
    found = Module()
    found.Api = api
    sys.modules["api"] = found


def test_it_comes_and_goes():
    module(Api)
    runner = Runner()
    entrance = door.Door(runner)

    async def visits():
        first = asyncio.create_task(entrance.serve(None, Writer()))
        second = asyncio.create_task(entrance.serve(None, Writer()))
        await asyncio.sleep_ms(1)
        assert Api.made == 1 and runner.chores == [entrance]
        assert 0 < entrance.idle_heap <= gc.mem_alloc() + 100000
        entrance._left -= 6000  # ms
        entrance.step()
        assert runner.chores == [entrance] and "api" in sys.modules  # somebody is there
        entrance._api.going = False
        await first
        await second
        entrance.step()
        assert runner.chores == [entrance]  # not yet
        entrance._left -= 6000
        entrance.step()
        assert runner.chores == [] and entrance._api is None and "api" not in sys.modules

    asyncio.run(visits())


def test_without_memory():
    class Large:
        def __init__(self, runner, door):
            raise MemoryError

    module(Large)
    runner = Runner()
    entrance = door.Door(runner)
    writer = Writer()
    asyncio.run(entrance.serve(None, writer))
    assert writer.closed and runner.chores == [] and entrance._clients == 0
    module(Api)

    async def visit():
        task = asyncio.create_task(entrance.serve(None, Writer()))
        await asyncio.sleep_ms(1)
        entrance._api.going = False
        await task

    asyncio.run(visit())
    assert runner.chores == [entrance]
