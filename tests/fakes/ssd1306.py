"""`ssd1306` of micropython-lib, with the text that was put on it in `rows`."""

rows = {}


class SSD1306_I2C:
    def __init__(self, width, height, i2c, addr=0x3C):
        if addr not in i2c.scan():
            raise OSError(19)
        self.width, self.height, self.i2c, self.addr = width, height, i2c, addr
        self.buffer = bytearray(width * height // 8)

    def fill_rect(self, x, y, w, h, c):
        rows[y // 8] = ""

    def text(self, text, x, y, c=1):
        rows[y // 8] = text

    def write_cmd(self, command):
        pass

    def write_data(self, data):
        pass

    def init_display(self):
        pass
