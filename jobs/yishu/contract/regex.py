r"""A user's pattern → why it cannot work, told before anything runs and without a JVM.

Spark runs patterns as java.util.regex; here they are tried with Python's `re`. So a pattern may hold what both understand
alike: a construct of one of them alone, or one that they read differently, is refused with what to write instead.
Two things are let pass: `\p{…}`, by which Chinese writing is told and which Python lacks, where Java knows the name; and
`\d \w \s \b`, which both take, though in Java they mean ASCII only.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator

from yishu.contract.reading import Reading
from yishu.contract.yaml_lines import Step

ARGUMENTS = ("regex", "regex_list")
"""The arguments of Great Expectations' types that are patterns."""
EXPECTED = "a pattern that java.util.regex and Python's re both understand"
_MEND = "mend brackets, escapes and repetitions there"


def try_pattern(pattern: object, reading: Reading, *at: Step) -> None:
    """Note what is wrong with one pattern, or with each of a list of them.

    Args:
        pattern: as it stands in the file.
        reading: the contract.
        at: where the pattern stands in it.
    """
    if isinstance(pattern, list):
        for index, one in enumerate(pattern):
            try_pattern(one, reading, *at, index)
        return
    wrong = _trouble(pattern) if isinstance(pattern, str) else ("is no text", "put it in quotes")
    if wrong is not None:
        why, remedy = wrong
        reading.wrong(f"pattern {pattern!r} {why}", *at, code="pattern", expected=EXPECTED, remedy=remedy)


def refuses(pattern: str, texts: Iterable[str]) -> bool:
    r"""True if no part of any of the texts fits the pattern; one with `\p{…}`, which cannot be tried here, refuses nothing."""
    try:
        return not any(re.search(pattern, text) for text in texts)
    except re.error:
        return False


Trouble = tuple[str, str]
"""What is wrong, and what to do."""
_TOKEN = re.compile(
    r"\\[pP](?:\{[^}]*\}?|.)?|\\x..|\\u....|\\.|\(\?(?:P?[<=>]|[:=!>#(]|[a-zA-Z-]+)?[=!]?|\{[0-9]+(?:,[0-9]*)?\}|.", re.S
)
_SET = re.compile(r"\[\^?\]?")


def _trouble(pattern: str) -> Trouble | None:
    trial = []
    for token, inside in _tokens(pattern):
        wrong = _escape(token, inside) if token.startswith("\\") else _foreign(token, inside)
        if wrong is not None:
            return wrong
        trial.append(r"\w" if token[:2] in (r"\p", r"\P") else token)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # of set operators that Python may get one day
            re.compile("".join(trial))
    except (re.error, OverflowError, RecursionError) as error:
        return f"is no regular expression: {error}", _MEND
    return None


def _tokens(pattern: str) -> Iterator[tuple[str, bool]]:
    """The pattern in pieces, and whether a piece stands inside `[…]`; a `]` that comes first in a set is a letter of it."""
    at, inside = 0, False
    while at < len(pattern):
        found = (_SET if pattern[at] == "[" and not inside else _TOKEN).match(pattern, at)
        assert found is not None  # the last branch of each takes any character
        token = "&&" if inside and pattern.startswith("&&", at) else found[0]
        if inside and token[0] in "({":
            token = token[0]
        yield token, inside
        inside = token[0] == "[" or (inside and token != "]")
        at += len(token)


_SETS = {
    "[": ("has [ inside [ ], which begins a set of its own in Java", r"write \["),
    "&&": ("has && inside [ ], which Java alone takes as “and”", r"write (?=[…])[…], or \& for the character"),
}
_GROUPS = {
    "(?P": ("names a group as Python alone does", "write ( … ) without a name"),
    "(?<": ("names a group as Java alone does", "write ( … ) without a name"),
    "(?#": ("holds a comment, which Java does not know", "write it in the rule's description"),
    "(?(": ("has a condition on a group, which Java does not know", "write both cases with |"),
}


def _foreign(token: str, inside: bool) -> Trouble | None:
    if inside:
        return _SETS.get(token)
    if token == "{":
        return "has a { that begins no {n}, {n,} or {n,m}", r"write \{ for the character, {0,n} for “at most n”"
    if not token.startswith("(?") or token in ("(?<=", "(?<!"):
        return None
    flags = token[2:].strip("-")
    if flags.isalpha() and flags != "P" and set(flags) - set("ims-"):
        return f"has the flags {token}", "use i, m and s only"
    return _GROUPS.get(token[:3])


_LETTERS = "dDfnrsStwW"
_ANCHORS = "AbB"
_ENDS = (r"has \z or \Z, which Java and Python read differently", "write $: a cell never ends with a line break")
_PLAIN = {
    "z": _ENDS, "Z": _ENDS, "h": (r"has \h, which Java alone knows", r"write [ \t]"),
    "R": (r"has \R, which Java alone knows", r"write (\r\n|\n)"), "v": (r"has \v, which both read differently", r"write [\n\r]"),
    "Q": (r"has \Q…\E, which Java alone knows", r"write \ before each sign that should be itself"),
    "k": (r"has \k, which Java alone knows", "write the group's number: \\1"),
}  # fmt: skip


def _escape(token: str, inside: bool) -> Trouble | None:
    letter = token[1:2]
    if not letter.isascii() or not letter.isalnum():
        return None
    if letter in "pP":
        return (
            None
            if _CLASS.fullmatch(token[2:])
            else (f"has {token}, a class that Java does not know", r"write \p{IsHan}, \p{L} …")
        )
    if letter in "xu":
        known = re.fullmatch(r"[0-9a-fA-F]+", token[2:]) is not None
    else:
        known = letter in _LETTERS or (not inside and (letter in _ANCHORS or letter in "123456789"))
    return (
        None
        if known
        else _PLAIN.get(letter, (f"has {token}, which not both of Java and Python know here", "write the sign itself"))
    )


_CLASS = re.compile(
    r"[LMNPSZC]|\{(?:"
    r"(?:Is)?(?:L|Lu|Ll|Lt|Lm|Lo|M|Mn|Me|Mc|N|Nd|Nl|No|Z|Zs|Zl|Zp|P|Pd|Ps|Pe|Pc|Po|Pi|Pf|S|Sm|Sc|Sk|So|C|Cc|Cf|Co|Cn)"
    r"|(?:Is|script=)(?:Han|Latin|Common|Mongolian|Tibetan|Arabic|Hangul|Yi|Greek|Cyrillic)"
    r"|Is(?:Alphabetic|Ideographic|Letter|Lowercase|Uppercase|Punctuation|Digit|White_Space)"
    r"|Lower|Upper|ASCII|Alpha|Digit|Alnum|Punct|Graph|Print|Blank|Cntrl|XDigit|Space"
    r"|InCJK_?Unified_?Ideographs|InCJK_?Symbols_?and_?Punctuation|InHalfwidth_?and_?Fullwidth_?Forms"
    r")\}",
)
"""What may follow `\\p`: categories, the scripts written in China, POSIX classes, and three blocks."""
