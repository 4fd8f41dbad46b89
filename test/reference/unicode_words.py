#!/usr/bin/env python3
"""Writes src/preprocess/unicode_tables.c: which characters words are made of, and their lower case, as Python's re and str know them.

    python3 test/reference/unicode_words.py > src/preprocess/unicode_tables.c
"""
import unicodedata


def runs(wanted):
    """ascending (first, last) of the code points from 128 on that are wanted"""
    found, first = [], None
    for c in range(128, 0x110001):
        inside = c < 0x110000 and wanted(chr(c))
        if inside and first is None:
            first = c
        if not inside and first is not None:
            found.append((first, c - 1))
            first = None
    return found


def lower_runs():
    """ascending (first, last, step, offset); U+0130 alone becomes two characters and is the caller's"""
    pairs = [(c, ord(chr(c).lower())) for c in range(128, 0x110000)
             if len(chr(c).lower()) == 1 and chr(c).lower() != chr(c)]
    found, i = [], 0
    while i < len(pairs):
        c, offset = pairs[i][0], pairs[i][1] - pairs[i][0]
        step, count = 1, 1
        for s in (1, 2):
            n = 1
            while i + n < len(pairs) and pairs[i + n][0] == c + n * s and pairs[i + n][1] - pairs[i + n][0] == offset:
                n += 1
            if n > count:
                step, count = s, n
        found.append((c, c + (count - 1) * step, step, offset))
        i += count
    return found


def table(rows, width):
    out = []
    for i in range(0, len(rows), width):
        out.append("\t" + ", ".join("{" + r + "}" for r in rows[i:i + width]))
    return ",\n".join(out)


print(f"""/*
 * unicode_tables.c: letters, digits and their lower case, for words that are the same on every server and under every locale.
 *
 * Unicode {unicodedata.unidata_version}, from 128 on; made by test/reference/unicode_words.py.  Not to be edited.
 */
#include "preprocess/unicode.h"

const MlUnicodeRange ml_unicode_words[] = {{
{table([f"0x{a:x}, 0x{b:x}" for a, b in runs(str.isalnum)], 6)}
}};
const int ml_unicode_n_words = sizeof(ml_unicode_words) / sizeof(ml_unicode_words[0]);

const MlUnicodeLower ml_unicode_lowers[] = {{
{table([f"0x{a:x}, 0x{b:x}, {s}, {d}" for a, b, s, d in lower_runs()], 4)}
}};
const int ml_unicode_n_lowers = sizeof(ml_unicode_lowers) / sizeof(ml_unicode_lowers[0]);""")
