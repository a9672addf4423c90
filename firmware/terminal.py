"""The serial console: commands, and Python that runs beside the charger without stopping it.

A line that begins with the name of a command is that; anything else is Python, with the names of
`scope`. Lines that begin with "= " are for programs, `tools/provision`.
"""

import asyncio
import sys

_LONGEST = const(4096)  # characters of a line
_PROMPT = "ocppy> "
_ENTER = b"\r\n"
_RUBOUT = b"\x08\x7f"


class Terminal:
    """`stream`: with `async read(1)`; `write(text)`; `commands`: {name: fn(rest of the line) ->
    iterable of lines, None: nothing new yet}; `scope`: names for Python. `echo`: show what is
    typed."""

    def __init__(self, stream, write, commands, scope, echo=True):
        self._stream = stream
        self._write = write
        self._commands = commands
        self._scope = scope
        self._echo = echo
        self._line = b""

    async def run(self):
        """Until the stream ends."""
        while True:
            char = await self._stream.read(1)
            if not char:
                return
            if isinstance(char, str):
                char = char.encode()
            if char in _ENTER:
                line, self._line = self._line, b""
                self._say("\r\n" if self._echo else "")
                await self._do(line)
                self._say(_PROMPT if self._echo else "")
            else:
                self._typed(char)

    def _typed(self, char):
        if char in _RUBOUT:
            if self._line:
                self._line = self._line[:-1]
                self._say("\b \b")
        elif char >= b" " and len(self._line) < _LONGEST:
            self._line += char
            if self._echo:
                self._write(char.decode() if char < b"\x80" else "?")

    async def _do(self, line):
        try:
            text = line.decode().strip()
            name, _, rest = text.partition(" ")
            if name in self._commands:
                for out in self._commands[name](rest):
                    if out is not None:
                        self._say(out + "\r\n")
                    await asyncio.sleep_ms(0 if out is not None else 10)
            elif text:
                self._python(text)
        except Exception as e:
            self._say("error: %s\r\n" % (e if isinstance(e, ValueError) else repr(e)))

    def _python(self, text):
        try:
            code = compile(text, "<console>", "eval")
        except SyntaxError:
            exec(compile(text, "<console>", "exec"), self._scope)
            return
        value = eval(code, self._scope)
        if value is not None:
            self._say(repr(value) + "\r\n")

    def _say(self, text):
        if text:
            self._write(text)


def serial(commands, scope):
    """The console on the chip's own serial port."""
    return Terminal(asyncio.StreamReader(sys.stdin), sys.stdout.write, commands, scope)
