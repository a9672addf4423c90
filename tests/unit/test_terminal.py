"""The serial console: commands, Python, and that the charger goes on meanwhile."""

import asyncio

from terminal import Terminal


class Line:
    """A serial line: what is typed, one byte a read; what is shown."""

    def __init__(self, typed):
        self.typed = typed
        self.shown = ""

    async def read(self, n):
        char, self.typed = self.typed[:1], self.typed[1:]
        return char

    def write(self, text):
        self.shown += text


def typed(data, commands=None, scope=None, echo=False):
    line = Line(data)
    terminal = Terminal(line, line.write, commands or {}, {} if scope is None else scope, echo)
    asyncio.run(terminal.run())
    return line.shown


def test_python():
    scope = {"x": 2}
    assert typed(b"x * 21\r", scope=scope) == "42\r\n"
    assert typed(b"y = x + 1\ry\r", scope=scope) == "3\r\n"
    assert typed(b"\r\n  \r") == ""


def test_what_fails_is_told_and_the_console_goes_on():
    shown = typed(b"1/0\rno such\r2+2\r\xff\xfe\r3\r")
    assert "ZeroDivisionError" in shown and "SyntaxError" in shown and "4\r\n" in shown
    assert shown.endswith("3\r\n")


def test_commands_get_the_rest_of_the_line():
    def say(rest):
        yield "[" + rest + "]"
        yield None
        yield "end"

    def bad(rest):
        raise ValueError("no such thing")
        yield

    shown = typed(b"say a b\rbad\rsayx\r", {"say": say, "bad": bad})
    assert shown.startswith("[a b]\r\nend\r\nerror: no such thing\r\nerror: NameError")


def test_echo_and_rubout():
    shown = typed(b"1+3\x7f2\r", echo=True)
    assert shown == "1+3\b \b2\r\n3\r\nocppy> "


def test_a_line_without_end_is_bounded():
    shown = typed(b"'" + b"x" * 10000 + b"\r1\r")
    assert shown.endswith("1\r\n") and len(shown) < 9000


def test_others_run_while_a_command_waits():
    turns = []

    def slow(rest):
        while len(turns) < 5:
            yield None
        yield "done"

    async def charger():
        while True:
            turns.append(1)
            await asyncio.sleep_ms(1)

    async def both():
        line = Line(b"slow\r")
        task = asyncio.create_task(charger())
        await Terminal(line, line.write, {"slow": slow}, {}, False).run()
        task.cancel()
        return line.shown

    assert asyncio.run(both()) == "done\r\n" and len(turns) >= 5
