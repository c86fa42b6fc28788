"""Make the buckets that MLflow and DVC write to, once the object store answers. Run: python make_bucket.py BUCKET...

The endpoint and the keys come from AWS_ENDPOINT_URL_S3, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import Any


def make_buckets(client: Any, names: Sequence[str], not_ready: type[Exception], wait_s: float = 60, pause_s: float = 1) -> list[str]:
    """Make those of `names` that are missing, and return them. `not_ready` is tried again for `wait_s`, then raised."""
    deadline = time.monotonic() + wait_s
    while True:
        try:
            present = {bucket["Name"] for bucket in client.list_buckets()["Buckets"]}
            break
        except not_ready:
            if time.monotonic() > deadline:
                raise
            time.sleep(pause_s)
    missing = [name for name in names if name not in present]
    for name in missing:
        client.create_bucket(Bucket=name)
    return missing


def main() -> None:
    """Every bucket named on the command line."""
    import boto3
    from botocore.exceptions import HTTPClientError

    made = make_buckets(boto3.client("s3"), sys.argv[1:], HTTPClientError)
    print(f"{len(sys.argv) - 1} buckets, made: {', '.join(made) or 'none'}")


if __name__ == "__main__":
    main()
