r"""Patterns that `yishu check` lets pass and patterns that it refuses; unit tests ask `check`, Spark tests ask Spark."""

from __future__ import annotations

GOOD = (
    "^(证|照|批复)(（[^（）]+）)?$", r"[〔\[（(﹝]?(19|20)[0-9]{2}[〕\]）)﹞]?", r"^\s*[{].*[}]\s*$", "^[㐀-䶿一-龥·•]{2,30}$", "",
    "a{2}b{2,}c{2,3}", "a++b*+c?+", "(?>a|b)", "(?:a)(?=b)(?!c)(?<=b)(?<!d)", "(?i)a", "(?i:a)(?-i:b)(?ms-i:c)", r"(a)\1", r"\Aa\b\B",
    r"[]a]", "[^]a]", "[a^-]", "[(?P<n>{]", "[a||b]", r"\d\D\w\W\s\S\t\n\r\f", r"\x41\u4E2D", r"[\d\w\s\t\u4E2D]", r"\.\-\/\(\[\{\中", "}]",
    r"\p{IsHan}\P{IsHan}[^\p{L}\pN]", "𠮷", "甲|", "()", r"[\[&]",
)  # fmt: skip
CLASSES = (
    "L", "Lu", "Nd", "IsL", "IsNd", "P", "Pi", "Cn", "IsHan", "script=Han", "IsLatin", "IsMongolian", "IsTibetan", "IsYi", "IsAlphabetic",
    "IsIdeographic", "IsLetter", "IsLowercase", "IsUppercase", "IsPunctuation", "IsDigit", "IsWhite_Space", "Lower", "Upper", "ASCII",
    "Alpha", "Digit", "Alnum", "Punct", "Graph", "Print", "Blank", "Cntrl", "XDigit", "Space", "InCJKUnifiedIdeographs",
    "InCJK_Unified_Ideographs", "InCJK_Symbols_and_Punctuation", "InHalfwidth_and_Fullwidth_Forms",
)  # fmt: skip
BAD = {
    # what neither can run
    "[": "unterminated character set", "(a": "missing )", "a)": "unbalanced", "*a": "nothing to repeat", "a{3}{4}": "multiple repeat",
    "a\\": "bad escape", "[b-a]": "bad character range", r"(a)\2": "invalid group reference", "(?<=a+)b": "fixed-width",
    "a{99999999999}": "too large", "(" * 3000 + ")" * 3000: "recursion",
    # what Java alone knows, or Python alone, or both read differently
    "(?P<n>a)": "Python alone", "(?P=n)": "Python alone", "(?<n>a)": "Java alone", r"(a)\k<n>": "Java alone", "(?#why)a": "comment",
    "(a)?(?(1)b|c)": "condition", "(?x)a": "flags", "(?u)a": "flags", "(?iU:a)": "flags", "a(?i)b": "not at the start",
    r"a\z": "differently", r"a\Z": "differently", r"\h": "Java alone", r"\R": "Java alone", r"\v": "differently", r"\Qa.b\E": "Java alone",
    r"\e": r"has \e", r"\G": r"has \G", r"\N{DIGIT ONE}": r"has \N", r"\0": r"has \0", r"\x4": r"has \x", r"\x{4E2D}": r"has \x",
    r"\u12": r"has \u", r"[\b]": r"has \b", r"[\1]": r"has \1", "[a[bc]]": "inside [ ]", "[[:alpha:]]": "inside [ ]", "[a-z&&[^b]]": "“and”",
    "a{,3}": "begins no {n}", "{a}": "begins no {n}", r"\b{g}": "begins no {n}",
    r"\p": "Java does not know", r"\p{": "Java does not know", r"\p{Han}": "Java does not know", r"\p{IsHan": "Java does not know",
}  # fmt: skip
"""Pattern → part of what is told."""
