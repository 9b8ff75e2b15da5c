"""Signed forms and links: who holds one may do one thing in the store, until it expires, and needs no key.

They are signed with the department's own key, never the pipeline's: one that leaks can do no more than what it says and
what that department may, and all of a department's go with its key.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from yishu.errors import Place, UsageError
from yishu.lake.store import Store, secrets, told
from yishu.settings import StoreSettings, Zone

MOST_DAYS = 7
"""No signature of version 4 holds longer."""
MOST_BYTES = 5 << 30
"""S3 takes no more in one request."""


@dataclass(frozen=True)
class UploadForm:
    """What a browser sends to put one file: the address, and the fields that come before the file."""

    action: str
    prefix: str
    """The key begins so; what follows is the file's name."""
    fields: Mapping[str, str]
    expires: dt.datetime
    most_bytes: int


def department_store(settings: StoreSettings, user: str, secrets_file: Path) -> Store:
    """The store as a department sees it.

    Args:
        settings: where the store is; a form or link that is signed holds for this address.
        user: the department's name in the store.
        secrets_file: what `yishu store provision` keeps, user → secret.

    Raises:
        UsageError: its secret is not there.
    """
    known = secrets(secrets_file)
    if user not in known:
        raise UsageError(
            f"the secret of {user} is not known here", code="store-key", place=Place(secrets_file), expected="user: secret",
            remedy="yishu store provision, on the machine whose home this is",
        )  # fmt: skip
    return Store(settings, user, known[user])


def upload_form(store: Store, zone: Zone, prefix: str, expires: dt.datetime, most_bytes: int) -> UploadForm:
    """Sign a form that can put objects under one prefix, and do nothing else. Nobody is asked for it.

    Args:
        store: seen with the key that answers for the form.
        prefix: ends with `/`, so that `2024-06/` is not the beginning of `2024-06-30/`.
        expires: with its zone.
        most_bytes: a larger file is refused, and an empty one.
    """
    from minio.datatypes import PostPolicy

    assert prefix.endswith("/"), prefix
    bucket = store.settings.bucket(zone)
    policy = PostPolicy(bucket, expires)
    policy.add_starts_with_condition("key", prefix)
    policy.add_equals_condition("success_action_status", "201")
    policy.add_content_length_range_condition(1, most_bytes)
    signed = {"success_action_status": "201", **store.client.presigned_post_policy(policy)}
    return UploadForm(f"{store.settings.endpoint}/{bucket}", prefix, signed, expires, most_bytes)


def download_link(store: Store, zone: Zone, key: str, lasts: dt.timedelta, media_type: str) -> str:
    """Sign an address from which one object can be read.

    Args:
        store: seen with the key that answers for the link.
        lasts: at most a week.
        media_type: as what the browser takes it.
    """
    with told(store.settings, zone, key):
        return str(
            store.client.presigned_get_object(
                bucket_name=store.settings.bucket(zone), object_name=key, expires=lasts,
                response_headers={"response-content-type": media_type},
            )
        )  # fmt: skip
