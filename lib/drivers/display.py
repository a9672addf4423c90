"""Text on an SSD1306 display, through `ssd1306` of micropython-lib (an object of it is handed in).

Its `show()` sends the whole picture, 25 ms on I2C at 400 kHz; here one row of characters goes out
at a step, and only rows that have changed.
"""

_COLUMNS = const(0x21)  # data sheet §10.1.4: set column address, then page address
_PAGES = const(0x22)
_RETRY_MS = const(5000)


class Display:
    """`panel`: an `SSD1306_I2C` or `SSD1306_SPI`, or None if its constructor failed; 8 pixels a
    character and row."""

    def __init__(self, panel, clock):
        self._panel = panel
        self._clock = clock
        self._rows = panel.height // 8 if panel else 0
        self._columns = panel.width // 8 if panel else 0
        self._texts = [None] * self._rows
        self._due = 0  # rows to be sent, a bit each
        self._lost = 0  # ticks when the bus failed
        self.error = None if panel else "no display"
        for row in range(self._rows):
            self.text(row, "")

    def text(self, row, text):
        """Put `text` into a row; what is too long is cut off. Rows that do not exist are
        nobody's."""
        if not 0 <= row < self._rows:
            return
        text = text[: self._columns]
        if text == self._texts[row]:
            return
        self._texts[row] = text
        self._panel.fill_rect(0, 8 * row, self._panel.width, 8, 0)
        self._panel.text(text, 0, 8 * row, 1)
        self._due |= 1 << row

    def step(self):
        """Send one row, if one has changed."""
        if not self._due:
            return
        if self.error and self._clock.diff(self._clock.ticks(), self._lost) < _RETRY_MS:
            return
        row = 0
        while not self._due >> row & 1:
            row += 1
        try:
            if self.error:
                self._panel.init_display()  # it may have lost its supply
                self._due = (1 << self._rows) - 1
            self._send(row)
            self._due &= ~(1 << row)
            self.error = None
        except OSError as e:
            self.error = "SSD1306: %s" % e
            self._lost = self._clock.ticks()

    def _send(self, row):
        panel = self._panel
        left = (
            (128 - panel.width) // 2 if panel.width != 128 else 0
        )  # narrow ones sit in the middle
        for part in (_COLUMNS, left, left + panel.width - 1, _PAGES, row, row):
            panel.write_cmd(part)
        start = row * panel.width
        panel.write_data(memoryview(panel.buffer)[start : start + panel.width])
