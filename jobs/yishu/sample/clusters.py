"""Counties and firms → the province's 107 key clusters, and which firms belong to which: some to two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from yishu.sample import columns as col
from yishu.sample.digits import Ints
from yishu.sample.economy import economy
from yishu.sample.firms import COMPANY
from yishu.sample.leading_industry import reporters
from yishu.sample.province import Province

KEY_CLUSTERS: Final = 107
_KNOWN: Final = {
    131125: "丝网", 130534: "羊绒", 130408: "标准件", 130983: "模具", 130981: "铸造", 130922: "电子机箱", 130528: "电线电缆", 130535: "轴承",
    130532: "自行车", 130531: "自行车零部件", 130684: "门窗", 130683: "中药", 130607: "造纸", 130609: "汽车零部件", 130637: "橡胶输送带",
    130635: "毛皮", 130632: "羽绒", 130629: "服装", 130638: "塑料包装", 131081: "金属玻璃家具", 131026: "人造板", 131025: "绝热节能材料",
    131024: "家具", 131121: "玻璃钢", 131122: "金属橱柜", 131126: "裘皮", 131127: "橡塑制品", 130181: "皮革", 130110: "电子信息",
    130123: "板材家具", 130133: "淀粉", 130127: "建筑陶瓷", 130130: "皮革", 130283: "钢铁", 130224: "钢锹", 130229: "印刷包装机械",
    130322: "葡萄酒", 130425: "小磨香油", 130427: "童装", 130481: "钢铁", 130730: "葡萄酒", 130923: "包装机械", 130925: "管道装备",
    130926: "裘皮", 130927: "五金机电", 130930: "弯头管件", 130982: "石油装备", 130984: "工艺玻璃", 130682: "体育用品", 130827: "装备制造",
    130529: "金银花", 130724: "马铃薯",
}  # fmt: skip
"""Counties and the products that they are known for."""
_OTHERS: Final = ("食品加工", "装备制造", "纺织服装", "新型建材", "特色果品", "汽车零部件", "电子信息", "医药化工")
LEADER, BACKBONE, SUPPLIER = range(3)
_TWICE: Final = 20
"""Every so many-th member belongs to a second cluster."""


@dataclass(frozen=True)
class Clusters:
    """`ident`, `name` and `county` (index) are of one length; `cluster` (place among them), `firm` and `role` of another."""

    ident: pa.Array
    name: pa.Array
    county: Ints
    cluster: Ints
    firm: Ints
    role: Ints


def clusters(province: Province) -> Clusters:
    """One cluster a county, and as members all companies in business there; the first leader leads another cluster as well."""
    generator, places, firms = province.generator("clusters"), province.places, province.firms
    county = _counties(province, generator)
    figures = economy(province)
    leaders = figures.firm[reporters(figures, province)]
    cluster_of = np.full(len(places.code), -1, dtype=np.int64)
    cluster_of[county] = np.arange(len(county))
    own = np.flatnonzero((firms.kind == COMPANY)[: firms.listed] & firms.active[: firms.listed])
    own = own[cluster_of[firms.county[own]] >= 0]
    leads = np.isin(own, leaders)
    own = np.concatenate([own[leads], own[~leads]])
    role = np.where(np.isin(own, leaders), LEADER, np.where(generator.random(len(own)) < 0.25, BACKBONE, SUPPLIER))
    again = own[::_TWICE]
    second = (cluster_of[firms.county[again]] + 1) % len(county)
    other = np.where(np.arange(len(again)) == 0, role[:1], SUPPLIER)
    return Clusters(
        ident=col.joined("HB", col.padded(places.code[county], 6)), name=pa.array(_names(province, county)), county=county,
        cluster=np.concatenate([cluster_of[firms.county[own]], second]), firm=np.concatenate([own, again]), role=np.concatenate([role, other]),
    )  # fmt: skip


def _counties(province: Province, generator: np.random.Generator) -> Ints:
    """Those with a product that is known, then others, districts of cities last; in the order of their codes."""
    codes, names = province.places.code, province.places.name.to_pylist()
    rank = np.where(np.isin(codes, list(_KNOWN)), 0, np.where([str(name).endswith("区") for name in names], 2, 1))
    return np.sort(np.lexsort((generator.random(len(codes)), rank))[:KEY_CLUSTERS])


def _names(province: Province, county: Ints) -> list[str]:
    """As 安平丝网: the county without its kind, and the product."""
    named = zip(province.places.code[county].tolist(), col.pick(province.places.name, county).to_pylist(), strict=True)
    return [short_name(str(name)) + _KNOWN.get(code, _OTHERS[code % len(_OTHERS)]) for code, name in named]


def short_name(name: str) -> str:
    """A county's name without its kind: 安平县 → 安平, 孟村回族自治县 → 孟村; 景县 stays."""
    if "自治" in name:
        return name[:2]
    return name[:-1] if len(name) > 2 else name
