"""PN532 on a UART (HSU), 115200 Bd 8N1 (manual §6.2.3)."""

_WAKE = b"\x55\x55" + bytes(14)  # two bytes wake it, the rest gives it time


class PN532UART:
    def __init__(self, uart):
        self._uart = uart

    def wake(self):
        self._uart.write(_WAKE)

    def send(self, frame):
        self._uart.write(frame)

    def receive(self, buffer, n):
        count = min(self._uart.any(), len(buffer) - n)
        if count:
            data = self._uart.read(count) or b""
            buffer[n : n + len(data)] = data
            n += len(data)
        return n
