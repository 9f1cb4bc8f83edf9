#!/usr/bin/env python3
"""Makes the fonts of this folder from Pretendard 1.3.9 (npm package "pretendard"):

    npm pack pretendard@1.3.9 && tar xzf pretendard-1.3.9.tgz
    python3 subset.py package/dist/public/static

It needs fontTools; the fonts in the repository were made with 4.38.0 (Debian 12, python3-fonttools). The
same version makes the same bytes.

The subset keeps every modern Hangul syllable, because names use rare ones, and drops layout features,
hinting and everything else that the rasterizer of golang.org/x/image does not read. The license reserves
the name "Pretendard" for the original, so that the subset has a name of its own.
"""
import sys

from fontTools import subset
from fontTools.ttLib import TTFont

# Ranges of characters to keep, as far as the original has them.
RANGES = [
    (0x20, 0x7E), (0xA0, 0xFF), (0x100, 0x17F),  # ASCII, Latin-1, Latin Extended-A
    (0x391, 0x3C9),  # Greek, for α and β in titles
    (0x2010, 0x2027), (0x2030, 0x205E),  # dashes, quotes, bullets, ellipsis, ‰, ′
    (0x2070, 0x209C), (0x20A9, 0x20AC),  # superscripts, subscripts, won, euro
    (0x2100, 0x214F), (0x2150, 0x218B),  # letterlike symbols, fractions, Roman numerals
    (0x2190, 0x21FF), (0x2200, 0x22FF),  # arrows, mathematics
    (0x2460, 0x24FF), (0x25A0, 0x26FF), (0x2776, 0x2793),  # circled characters, shapes, stars
    (0x3000, 0x303F), (0x3131, 0x318E),  # brackets of Korean and Japanese, letters of Hangul
    (0x3200, 0x33FF),  # parenthesized letters, units
    (0xAC00, 0xD7A3),  # all 11,172 modern syllables
    (0xFF01, 0xFFE6),  # full width
]
FONTS = {"SemiBold": "semibold.otf"}
NAME = "HeekTime Sans"


def make(original: str, style: str, target: str) -> None:
    options = subset.Options(
        layout_features=[], hinting=False, desubroutinize=False, notdef_outline=True,
        name_IDs=[0, 13, 14], name_languages=[0x409], drop_tables=["GPOS", "GSUB", "GDEF", "BASE", "VORG", "vhea", "vmtx", "DSIG", "kern", "STAT"],
    )
    font = subset.load_font(original, options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=[c for first, last in RANGES for c in range(first, last + 1)])
    subsetter.subset(font)
    rename(font, style)
    subset.save_font(font, target, options)
    print(target, len(font.getBestCmap()), "characters")


def rename(font: TTFont, style: str) -> None:
    full = f"{NAME} {style}"
    postscript = full.replace(" ", "")
    for name_id, text in {1: full, 2: "Regular", 3: postscript, 4: full, 6: postscript}.items():
        font["name"].setName(text, name_id, 3, 1, 0x409)
    cff = font["CFF "].cff
    cff.fontNames[0] = postscript
    top = cff.topDictIndex[0]
    top.FullName, top.FamilyName = full, NAME
    for i, part in enumerate(top.FDArray):
        part.FontName = f"{postscript}-{i}"


if __name__ == "__main__":
    for style, target in FONTS.items():
        make(f"{sys.argv[1]}/Pretendard-{style}.otf", style, target)
