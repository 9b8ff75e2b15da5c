"""Grants → buckets, users and policies of a store that speaks MinIO's administration; other stores are given the policies by hand.

Run again it changes only what differs; a user that exists keeps its secret.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from yishu.errors import MachineError, UsageError
from yishu.lake.store import Store, told
from yishu.lake.store import secrets as known_secrets
from yishu.settings import LOCKED, VERSIONED, ZONES, StoreSettings

if TYPE_CHECKING:
    from minio import MinioAdmin

_SECRET_BYTES = 24


class Granted(Protocol):
    """What `derive.access` gives: a user and its policy."""

    @property
    def user(self) -> str: ...
    @property
    def policy(self) -> Mapping[str, object]: ...


def provision(store: Store, grants: Sequence[Granted], secrets_file: Path, keys: tuple[str, str]) -> list[str]:
    """Make what is missing, and set every policy.

    Args:
        store: seen with the administrator's key.
        grants: all users with their policies.
        secrets_file: user → secret, readable by us alone; a user that stands in it keeps its secret.
        keys: access and secret key of the administrator.

    Returns:
        the users that are new.

    Raises:
        UsageError: this key is no administrator's, or the store has no such administration.
    """
    _make_buckets(store)
    known = known_secrets(secrets_file)
    new = [grant.user for grant in grants if grant.user not in known]
    # written before any user is made: a run that is killed in between leaves no user whose secret nobody has
    known |= {user: secrets.token_urlsafe(_SECRET_BYTES) for user in new}
    _keep(secrets_file, known)
    admin = _admin(store.settings, *keys)
    for grant in grants:
        _apply(admin, grant, known[grant.user])
    return new


def _make_buckets(store: Store) -> None:
    from minio.commonconfig import ENABLED
    from minio.versioningconfig import VersioningConfig

    for zone in ZONES:
        name = store.settings.bucket(zone)
        with told(store.settings, zone):
            if not store.client.bucket_exists(bucket_name=name):
                store.client.make_bucket(bucket_name=name, object_lock=zone in LOCKED)
            if zone in VERSIONED:
                store.client.set_bucket_versioning(bucket_name=name, config=VersioningConfig(ENABLED))


def _keep(file: Path, known: Mapping[str, str]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_suffix(f".{os.getpid()}")
    fresh.touch(mode=0o600)
    fresh.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    os.replace(fresh, file)


def _admin(settings: StoreSettings, access_key: str, secret_key: str) -> MinioAdmin:
    from minio import MinioAdmin
    from minio.credentials.providers import StaticProvider

    address = urlsplit(settings.endpoint)
    return MinioAdmin(
        endpoint=address.netloc, credentials=StaticProvider(access_key, secret_key), region=settings.region,
        secure=address.scheme == "https",
    )  # fmt: skip


def _apply(admin: MinioAdmin, grant: Granted, secret: str) -> None:
    from minio.error import MinioAdminException
    from urllib3.exceptions import HTTPError

    try:
        admin.policy_add(grant.user, policy=dict(grant.policy))
        admin.user_add(grant.user, secret)
        if not _has_policy(admin, grant.user):
            admin.policy_set(grant.user, user=grant.user)
    except MinioAdminException as error:
        raise UsageError(
            f"the store does not let this key make the user {grant.user}: {error}", code="store-admin",
            expected="an administrator's key, on a store with MinIO's administration",
            remedy="elsewhere, apply what `yishu store policies` prints by the store's own means",
        ) from error  # fmt: skip
    except HTTPError as error:
        raise MachineError("the store's administration does not answer", code="store-gone", remedy="start it, then try again") from error


def _has_policy(admin: MinioAdmin, user: str) -> bool:
    named: object = json.loads(admin.user_info(user)).get("policyName")
    return named == user
