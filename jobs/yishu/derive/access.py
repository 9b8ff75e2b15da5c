"""Departments → who may do what in the store, as policies of S3's own language: plain data, nothing is applied here.

A department puts into its own prefix of landing and reads its own receipts; BI reads gold; the pipeline does the rest,
but takes nothing out of the archive.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypedDict

from yishu.contract.model import Department
from yishu.settings import LOCKED, ZONES, StoreSettings


class Statement(TypedDict, total=False):
    Effect: Literal["Allow"]
    Action: list[str]
    Resource: list[str]
    Condition: Mapping[str, Mapping[str, list[str]]]


class PolicyJson(TypedDict):
    Version: str
    Statement: list[Statement]


@dataclass(frozen=True)
class Grant:
    """One user of the store and all that it may do."""

    user: str
    who: str
    policy: PolicyJson


def grants(store: StoreSettings, departments: Iterable[Department]) -> tuple[Grant, ...]:
    """Everybody's: the pipeline, BI, and each department once, whatever names it has had.

    Args:
        store: names of buckets and users.
        departments: all of `departments.yaml`.
    """
    each = [Grant(_user(store, d), d.name, _department(store, code)) for code, d in sorted(_newest(departments).items())]
    return (Grant(f"{store.prefix}-pipeline", "pipeline", _pipeline(store)), Grant(f"{store.prefix}-bi", "BI", _bi(store)), *each)


def user_of(store: StoreSettings, departments: Iterable[Department], code: str) -> str:
    """The name under which the store knows a department; KeyError for a code that is nobody's."""
    return _user(store, _newest(departments)[code])


def _user(store: StoreSettings, department: Department) -> str:
    return f"{store.prefix}-dept-{department.id}"


def _newest(departments: Iterable[Department]) -> dict[str, Department]:
    return {department.code: department for department in departments}  # the newest name of a code stands last


def _department(store: StoreSettings, code: str) -> PolicyJson:
    landing, receipts = store.bucket("landing"), store.bucket("receipts")
    return _policy([
        _allow(["s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"], f"{landing}/{code}/*"),
        _allow(["s3:GetObject"], f"{receipts}/{code}/*"),
        {**_allow(["s3:ListBucket"], receipts), "Condition": {"StringLike": {"s3:prefix": [f"{code}/*"]}}},
    ])  # fmt: skip


def _bi(store: StoreSettings) -> PolicyJson:
    gold = store.bucket("gold")
    return _policy([_allow(["s3:GetObject"], f"{gold}/*"), _allow(["s3:ListBucket", "s3:GetBucketLocation"], gold)])


def _pipeline(store: StoreSettings) -> PolicyJson:
    working = [store.bucket(zone) for zone in ZONES if zone not in LOCKED]
    kept = [store.bucket(zone) for zone in LOCKED]
    about = ["s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads", "s3:GetBucketLocation"]
    about += ["s3:GetBucketVersioning", "s3:GetBucketObjectLockConfiguration"]
    reading = ["s3:GetObject", "s3:GetObjectVersion"]
    writing = ["s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]
    return _policy([
        _allow(about, *working, *kept),
        _allow([*reading, *writing, "s3:DeleteObject"], *[f"{name}/*" for name in working]),
        _allow(["s3:DeleteObjectVersion"], f"{store.bucket('landing')}/*"),  # what was claimed lies in the archive
        _allow([*reading, *writing], *[f"{name}/*" for name in kept]),
    ])  # fmt: skip


def _policy(statements: list[Statement]) -> PolicyJson:
    return {"Version": "2012-10-17", "Statement": statements}


def _allow(actions: list[str], *resources: str) -> Statement:
    return {"Effect": "Allow", "Action": actions, "Resource": [f"arn:aws:s3:::{name}" for name in resources]}
