"""Pictures drawn by the program, so that there is something to see and nothing to license."""

import io
import math
import random

from PIL import Image, ImageDraw, ImageFilter

SIZE = (2000, 1250)
PORTRAIT = (600, 600)


def harbor():
    """A sun over water."""
    image = _gradient(SIZE, (20, 33, 61), (244, 162, 97))
    draw = ImageDraw.Draw(image)
    horizon = SIZE[1] * 2 // 3
    draw.ellipse((860, horizon - 300, 1340, horizon + 180), fill=(255, 214, 153))
    water = _gradient((SIZE[0], SIZE[1] - horizon), (38, 70, 83), (12, 24, 36))
    image.paste(water, (0, horizon))
    chance = random.Random(1954)  # noqa: S311, a drawing
    for _ in range(260):
        y = chance.randrange(horizon + 6, SIZE[1])
        spread = 80 + (y - horizon)
        x = int(chance.gauss(1100, spread))
        length = chance.randrange(20, 120)
        draw.line((x, y, x + length, y), fill=(233, 196, 140), width=3)
    for left, height in ((120, 210), (210, 330), (300, 260), (390, 150), (1640, 190), (1740, 300)):
        draw.rectangle((left, horizon - height, left + 84, horizon), fill=(17, 24, 39))
    return image


def signal():
    """The colour bars of a station before its first programme."""
    image = Image.new("RGB", SIZE, (15, 15, 20))
    draw = ImageDraw.Draw(image)
    bars = ["#e9e5d8", "#e6c229", "#2fa8a0", "#4f9d4b", "#b0508f", "#c8452f", "#2f4f9d"]
    width = SIZE[0] / len(bars)
    for number, colour in enumerate(bars):
        box = (number * width, 0, (number + 1) * width, SIZE[1] * 0.72)
        draw.rectangle(box, fill=colour)
    for number in range(24):
        shade = 20 + number * 9
        left = number * SIZE[0] / 24
        box = (left, SIZE[1] * 0.76, left + SIZE[0] / 24, SIZE[1] * 0.9)
        draw.rectangle(box, fill=(shade, shade, shade))
    centre = (SIZE[0] // 2, int(SIZE[1] * 0.4))
    for radius, colour in ((330, "#101014"), (316, "#f4f1e8"), (300, "#101014")):
        box = tuple(c + s * radius for s in (-1, 1) for c in centre)
        draw.ellipse(box, fill=colour)
    for angle in range(0, 360, 15):
        x, y = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        draw.line(
            (centre[0] + 60 * x, centre[1] + 60 * y, centre[0] + 290 * x, centre[1] + 290 * y),
            fill="#f4f1e8",
            width=5,
        )
    return _lines(image)


def voices():
    """A conversation, as tape remembers it."""
    image = _gradient(SIZE, (43, 20, 55), (14, 11, 30))
    draw = ImageDraw.Draw(image)
    chance = random.Random(1966)  # noqa: S311, a drawing
    for track, colour in enumerate(("#f2a65a", "#eec170", "#58a4b0")):
        middle = 300 + track * 325
        for x in range(60, SIZE[0] - 60, 14):
            loud = abs(math.sin(x / (190 + 60 * track)) * math.sin(x / 47 + track))
            height = 8 + loud * 150 * chance.uniform(0.5, 1)
            draw.rounded_rectangle(
                (x, middle - height, x + 7, middle + height), radius=3, fill=colour
            )
    return image


def reel():
    """A film reel, seen from its side."""
    image = _gradient(SIZE, (188, 108, 37), (40, 54, 24))
    draw = ImageDraw.Draw(image)
    for centre, radius in (((720, 620), 470), ((1560, 760), 310)):
        _disc(draw, centre, radius, "#14120f")
        _disc(draw, centre, radius * 0.94, "#d8cfb8")
        for number in range(5):
            angle = math.radians(number * 72 + radius)
            hole = (
                centre[0] + radius * 0.56 * math.cos(angle),
                centre[1] + radius * 0.56 * math.sin(angle),
            )
            _disc(draw, hole, radius * 0.22, "#14120f")
        _disc(draw, centre, radius * 0.12, "#14120f")
    draw.rectangle((0, 1090, SIZE[0], 1210), fill="#14120f")
    for x in range(20, SIZE[0], 80):
        draw.rounded_rectangle((x, 1104, x + 36, 1124), radius=6, fill="#d8cfb8")
        draw.rounded_rectangle((x, 1176, x + 36, 1196), radius=6, fill="#d8cfb8")
    return image


def portrait(number):
    """Somebody who could be anybody."""
    tops = [(38, 70, 83), (231, 111, 81), (42, 157, 143), (90, 70, 120)]
    image = _gradient(PORTRAIT, tops[number % len(tops)], (245, 235, 220))
    draw = ImageDraw.Draw(image)
    _disc(draw, (300, 250), 112, "#2b2d42")
    draw.ellipse((90, 400, 510, 900), fill="#2b2d42")
    return image.filter(ImageFilter.GaussianBlur(2))


def jpeg(image):
    """Return the picture as a file's content."""
    content = io.BytesIO()
    image.save(content, "JPEG", quality=88)
    return content.getvalue()


def _gradient(size, top, bottom):
    column = Image.new("RGB", (1, size[1]))
    for y in range(size[1]):
        share = y / size[1]
        mixed = (round(a + (b - a) * share) for a, b in zip(top, bottom, strict=True))
        column.putpixel((0, y), tuple(mixed))
    return column.resize(size)


def _disc(draw, centre, radius, colour):
    box = (centre[0] - radius, centre[1] - radius, centre[0] + radius, centre[1] + radius)
    draw.ellipse(box, fill=colour)


def _lines(image):
    draw = ImageDraw.Draw(image, "RGBA")
    for y in range(0, image.height, 6):
        draw.line((0, y, image.width, y), fill=(0, 0, 0, 46), width=2)
    return image
