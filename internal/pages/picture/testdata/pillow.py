"""Draws the shapes of a picture with Pillow and prints the milliseconds of processor time for one."""
import io
import json
import sys
import time

from PIL import Image, ImageDraw, ImageFont

shapes = json.load(sys.stdin)
fonts = {}


def draw():
    image = Image.new("RGB", tuple(shapes["size"]))
    canvas = ImageDraw.Draw(image)
    for x0, y0, x1, y1, radius, fill in shapes["rectangles"]:
        if x1 >= x0 and y1 >= y0:
            canvas.rounded_rectangle((x0, y0, x1, y1), radius, tuple(fill))
    for text, x, baseline, size, fill in shapes["lines"]:
        if size not in fonts:
            fonts[size] = ImageFont.truetype(shapes["font"], round(size))
        canvas.text((x, baseline), text, tuple(fill), fonts[size], anchor="ls")
    image.save(io.BytesIO(), "PNG", compress_level=1)


draw()
began = time.process_time()
for _ in range(10):
    draw()
print((time.process_time() - began) * 100)
