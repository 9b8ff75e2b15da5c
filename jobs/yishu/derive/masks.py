"""Fields and their grades → what gold may show of them: Spark SQL for masks and join tokens, and their Python twins.

Only native expressions, no Python UDF. A mask hides a value that it does not recognise; it never lets one through.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass

from yishu.contract.model import Field, Mask
from yishu.derive.spark_types import Column, identifier, spark_type, text_literal


@dataclass(frozen=True)
class GoldColumn:
    """One column of a gold table: its name, the Spark SQL that makes it, its type and comment."""

    name: str
    expression: str
    type: str
    comment: str

    @property
    def column(self) -> Column:
        return Column(self.name, self.type, self.comment)


def gold_columns(
    fields: Iterable[Field], inner_key_column: str = "_inner_key", outer_key_column: str = "_outer_key"
) -> tuple[GoldColumn, ...]:
    """The columns of a shareable base table or a mart, masked by grade, each token right after its field.

    Args:
        fields: the contract's fields; the expressions read columns of the same names.
        inner_key_column: binary column with the inner padded key, see `padded_keys`.
        outer_key_column: binary column with the outer padded key.
    """
    listed = tuple(fields)
    names = {f.name for f in listed}
    columns: list[GoldColumn] = []
    for field in listed:
        columns.append(_shown(field))
        if field.tokened and token_name(field) not in names:
            token = token_sql(identifier(field.name), inner_key_column, outer_key_column, token_domain(field))
            columns.append(GoldColumn(token_name(field), token, "string", f"{field.title}（关联令牌，HMAC-SHA256）"))
    return tuple(columns)


def gold_key(fields: Iterable[Field], key: Iterable[str]) -> tuple[str, ...]:
    """The columns of gold that tell a key's rows apart: the token where the value is masked."""
    return tuple(token_name(f) if f.tokened else f.name for f in fields if f.name in key)


def _shown(field: Field) -> GoldColumn:
    kind = field_mask(field)
    expression = mask_sql(field, identifier(field.name))
    if kind is None or kind == "suppress":
        note = "（不予展示）" if kind else ""
        return GoldColumn(field.name, expression, spark_type(field.type), field.title + note)
    return GoldColumn(field.name, expression, "string", f"{field.title}（已脱敏）")


def field_mask(field: Field) -> Mask | None:
    """The mask that gold puts on a field: its own; of a high grade without one, `suppress`; None: shown in clear."""
    if not field.masked:
        return None
    return field.mask or "suppress"


def token_name(field: Field) -> str:
    return f"{field.name}_token"


def token_domain(field: Field) -> str:
    """Fields of one element give equal tokens for equal values, fields of different elements never do."""
    return field.element or field.name


# --- masks -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Shape:
    """A value that matches `when` keeps `head` and `tail` characters; all between becomes stars."""

    when: str
    head: int
    tail: int


_BLANKS = "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x2010))) + "\u2028\u2029\u202f\u205f"
_BLANKS += "\u2060\u3000\ufeff"
"""All that counts as blank: Java and Python disagree on \\s, so neither is asked."""
_WIDE = "".join(map(chr, range(0xFF01, 0xFF5F)))
_NARROW = "".join(map(chr, range(0x21, 0x7F)))
_FOLD = str.maketrans(_WIDE, _NARROW)
_BLANK = f"[{_BLANKS}]"
_COMPOUND = (
    "欧阳|司马|上官|诸葛|司徒|东方|独孤|慕容|皇甫|尉迟|公孙|令狐|宇文|长孙|轩辕|夏侯|澹台|淳于|濮阳|赫连|钟离|端木|南宫|呼延"
    "|闻人|万俟|公羊|申屠|太叔|仲孙|鲜于|闾丘|司空|亓官|司寇|巫马|公西|颛孙|壤驷|公良|漆雕|乐正|宰父|谷梁|拓跋|夹谷|段干|百里"
    "|东郭|南门|羊舌|微生|梁丘|左丘|东门|西门|第五|完颜|叶赫|那拉|纳兰|爱新"
)
_SHAPES: dict[Mask, tuple[_Shape, ...]] = {
    "name": (_Shape(f"^({_COMPOUND})..?$", 2, 0), _Shape("^...*$", 1, 0)),
    "id": (_Shape("^.{6,}$", 1, 1),),
    "phone": (
        _Shape("^1[0-9]{2}[0-9*]{8}$", 3, 4),
        _Shape("^0(10|2[0-9])[0-9*]{7,8}$", 3, 4),
        _Shape("^0[3-9][0-9]{2}[0-9*]{7,8}$", 4, 4),
        _Shape("^.{7,}$", 0, 2),
    ),
    "account": (_Shape("^.{8,}$", 0, 4),),
    "plate": (_Shape("^[一-龥][A-Z].{4,}$", 2, 0),),
}
_ALL = _Shape("^", 0, 0)
_CLEAN: dict[Mask, tuple[str, ...]] = {
    "phone": ("[^0-9*]", "^(0086|86)(?=(1[0-9*]{10}|0[0-9*]{9,11})$)"),
    "account": ("-",),
}
"""What is taken out of a value, beside blanks, before its shape is looked at."""
_PLAIN: dict[Mask, str] = {
    "name": r"^[一-龥]{2,}\z",
    "id": r"^[0-9A-Z*]{6,}\z",
    "phone": r"^1[0-9]{2}[0-9*]{8}\z",
    "account": r"^[0-9A-Z*]{8,}\z",
    "plate": r"^[一-龥][A-Z][0-9A-Z*]{4,}\z",
    "address": rf"^[^{_WIDE[0]}-{_WIDE[-1]}{_BLANKS}]+\z",
}
"""Nearly all values: cleaning leaves them as they are and the first shape fits, at a tenth of the cost.

They end in \\z, for Java's $ would let a last line end pass.
"""
_COUNTY = (
    "^([^省市区县]{2,5}省|[^省市区县]{2,6}自治区|(北京|上海|天津|重庆)市)?"
    "([^省市区县州盟路街号0-9]{1,8}+((?<![超夜菜集])市|(?<=自治)州|(?<=[地新])区|盟))?"
    "(([红国]旗|[^省市区县旗路街道号镇乡村巷弄栋楼0-9]){1,12}+(县|(?<![小社园校厂院库景片街宅])区|(?<![超夜菜集])市|旗))?"
)
"""Province, prefecture and county of an address; what only sounds like one (小区, 超市) does not count."""


def mask_sql(field: Field, column: str) -> str:
    """What gold shows of a field, as Spark SQL.

    Args:
        field: the contract's field; its grade decides whether it is masked, its mask how.
        column: Spark SQL for the clear value, as a rule the quoted column.
    """
    kind = field_mask(field)
    if kind is None:
        return column
    if kind == "suppress":
        return f"CAST(NULL AS {spark_type(field.type)})"
    return mask_expression(kind, f"CAST({column} AS STRING)")


def mask_expression(kind: Mask, text: str) -> str:
    """A mask over a Spark SQL expression of type string; twin of `mask_text`."""
    if kind == "suppress":
        return "CAST(NULL AS STRING)"
    clean = _clean_sql(kind, text)
    rest = f"CASE WHEN {clean} = '' THEN NULL ELSE {_masked_sql(kind, clean)} END"
    return f"CASE WHEN {text} RLIKE {text_literal(_PLAIN[kind])} THEN {_plain_sql(kind, text)} ELSE {rest} END"


def _plain_sql(kind: Mask, text: str) -> str:
    """The mask of a value that matches `_PLAIN`, without asking for its shape again."""
    if kind == "address":
        return _masked_sql(kind, text)
    if kind != "name":
        return _veil_sql(_SHAPES[kind][0], text)
    compound, single = (_veil_sql(shape, text) for shape in _SHAPES["name"])
    known = ", ".join(text_literal(surname) for surname in _COMPOUND.split("|"))
    return f"CASE WHEN length({text}) IN (3, 4) AND substr({text}, 1, 2) IN ({known}) THEN {compound} ELSE {single} END"


def _masked_sql(kind: Mask, text: str) -> str:
    if kind == "address":
        return f"concat(regexp_extract({text}, {text_literal(_COUNTY)}, 0), '***')"
    dotted = kind == "name"
    cases = [f"WHEN {text} RLIKE {text_literal(s.when)} THEN {_veil_sql(s, text, dotted)}" for s in _SHAPES[kind]]
    return f"CASE {' '.join(cases)} ELSE {_veil_sql(_ALL, text, dotted)} END"


def mask_text(kind: Mask | None, value: str | None) -> str | None:
    """What `mask_sql` gives for one value, in Python; None for a kind means no mask."""
    if value is None or kind is None:
        return value
    clean = _clean(kind, value)
    if kind == "suppress" or not clean:
        return None
    if kind == "address":
        return re.match(_COUNTY, clean)[0] + "***"  # type: ignore[index]  # every part is optional: it always matches
    shape = next((s for s in _SHAPES[kind] if re.search(s.when, clean)), _ALL)
    end = len(clean) - shape.tail
    veil = _VEIL if kind == "name" else "."
    return clean[: shape.head] + re.sub(veil, "*", clean[shape.head : end]) + clean[end:]


_VEIL = "[^·•・‧]"
"""The dot between the parts of a name stays: it tells nothing and keeps the name's form."""


def _clean_sql(kind: Mask, text: str) -> str:
    folded = f"regexp_replace({_fold_sql(text)}, {text_literal(_BLANK)}, '')"
    if kind in ("id", "account", "plate"):
        folded = f"upper({folded})"
    for pattern in _CLEAN.get(kind, ()):
        folded = f"regexp_replace({folded}, {text_literal(pattern)}, '')"
    return folded


def _clean(kind: Mask, value: str) -> str:
    folded = re.sub(_BLANK, "", value.translate(_FOLD))
    if kind in ("id", "account", "plate"):
        folded = folded.upper()
    for pattern in _CLEAN.get(kind, ()):
        folded = re.sub(pattern, "", folded)
    return folded


def _fold_sql(text: str) -> str:
    return f"translate({text}, {text_literal(_WIDE)}, {text_literal(_NARROW)})"


def _veil_sql(shape: _Shape, text: str, dotted: bool = False) -> str:
    hidden = f"length({text}) - {shape.head + shape.tail}"
    middle = f"repeat('*', {hidden})"
    if dotted:
        middle = f"regexp_replace(substr({text}, {shape.head + 1}, {hidden}), {text_literal(_VEIL)}, '*')"
    head = [f"substr({text}, 1, {shape.head})"] if shape.head else []
    tail = [f"right({text}, {shape.tail})"] if shape.tail else []
    return f"concat({', '.join((*head, middle, *tail))})"


# --- tokens ----------------------------------------------------------------------------------------------------------

_BLOCK = 64


def token_sql(column: str, inner_key_column: str, outer_key_column: str, domain: str) -> str:
    """HMAC-SHA256 (RFC 2104) of `<domain>:<value>` as Spark SQL, in hex; NULL for no value and for a masked one.

    The keys come as columns of a one-row table that is joined in, so that no key is ever a literal in a plan.

    Args:
        column: Spark SQL for the clear value.
        inner_key_column: binary column, first of `padded_keys`.
        outer_key_column: binary column, second of `padded_keys`.
        domain: keeps tokens of different elements apart, see `token_domain`.
    """
    clear = f"CAST({column} AS STRING)"
    signed = text_literal(domain + ":")

    def token(value: str) -> str:
        inner = f"unhex(sha2(concat({inner_key_column}, CAST(concat({signed}, {value}) AS BINARY)), 256))"
        return f"sha2(concat({outer_key_column}, {inner}), 256)"

    folded = _token_value_sql(clear)
    rest = f"CASE WHEN {folded} = '' OR contains({folded}, '*') THEN NULL ELSE {token(folded)} END"
    return f"CASE WHEN {clear} RLIKE '^[0-9A-Z]+\\\\z' THEN {token(clear)} ELSE {rest} END"


def token_text(key: bytes, domain: str, value: str | None) -> str | None:
    """What `token_sql` gives for one value, in Python."""
    folded = _token_value(value or "")
    if not folded or "*" in folded:
        return None
    return hmac.digest(key, f"{domain}:{folded}".encode(), "sha256").hex()


def padded_keys(key: bytes) -> tuple[bytes, bytes]:
    """The key as HMAC's inner and outer block of 64 bytes each; an empty key is refused.

    Raises:
        ValueError: the key is empty, so every token could be computed by anyone.
    """
    if not key:
        raise ValueError("the token key is empty")
    block = (hashlib.sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
    return bytes(b ^ 0x36 for b in block), bytes(b ^ 0x5C for b in block)


def _token_value_sql(text: str) -> str:
    """The value as it is signed: full-width forms folded, upper case, no blanks around it.

    That is NFKC for all that occurs in numbers and codes; Spark has no function for the rest of NFKC.
    """
    ends = text_literal(f"^{_BLANK}+|{_BLANK}+$")
    return f"upper(regexp_replace({_fold_sql(text)}, {ends}, ''))"


def _token_value(value: str) -> str:
    return value.translate(_FOLD).strip(_BLANKS).upper()
