"""Counting the S3 requests of a client, each attempt for itself, as the provider does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from subiteya.observe.meter import Meter, Used

if TYPE_CHECKING:
    from types_aiobotocore_s3 import S3Client

FREE: Final = frozenset({"DeleteObject", "DeleteObjects", "AbortMultipartUpload"})
"""Operations that neither AWS nor R2 bills (https://aws.amazon.com/s3/pricing, November 2026)."""
WRITES: Final = frozenset(
    {
        *("PutObject", "CopyObject", "CreateMultipartUpload", "UploadPart", "UploadPartCopy"),
        *("CompleteMultipartUpload", "ListObjectsV2", "ListMultipartUploads", "ListParts", "CreateBucket"),
        *("PutBucketCors", "PutBucketLifecycleConfiguration", "PutPublicAccessBlock", "PutBucketPolicy"),
    }
)


def count_requests(client: S3Client, meter: Meter) -> None:
    """Let a client count what it sends; presigned addresses are not sent and do not count here."""

    def before_send(request: Any, event_name: str, **_: Any) -> None:
        operation = event_name.rpartition(".")[2]
        if operation not in FREE:
            meter.add(Used.S3_WRITES if operation in WRITES else Used.S3_READS)
        meter.add(Used.S3_BYTES_IN, _length(request.headers.get("Content-Length")))

    def after_call(parsed: Any, **_: Any) -> None:
        # As announced: who breaks a download off has been sent less, and is billed for little more than that.
        meter.add(Used.S3_BYTES_OUT, _length(parsed.get("ContentLength")))

    events: Any = client.meta.events
    events.register("before-send.s3", before_send)
    events.register("after-call.s3.GetObject", after_call)


def count_presigned(meter: Meter, method: str, size: int | None) -> None:
    """Count a request that somebody else will send with an address of ours: once, and whole."""
    if method == "PUT":
        meter.add(Used.S3_WRITES)
        meter.add(Used.S3_BYTES_IN, size or 0)
    else:
        meter.add(Used.S3_READS)
        meter.add(Used.S3_BYTES_OUT, size or 0)


def _length(value: Any) -> int:
    text = value.decode() if isinstance(value, bytes) else str(value or 0)
    return int(text) if text.isdigit() else 0
