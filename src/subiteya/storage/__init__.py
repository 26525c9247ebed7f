"""S3: streams, multipart, presigned addresses, keys bound to their owner, bucket set-up.

    async with open_storage(settings.storage) as storage:
        info = await storage.objects.put_stream(temp_key(user_id, ".mp4"), chunks, content_type="video/mp4")

The functions of the service that this one replaces, and what does their work here:

    uploadToS3                storage.objects.put_stream, put_bytes; storage.files.upload
    downloadFromS3            storage.files.download (large), storage.objects.get_bytes (small, with a limit)
    downloadStreamFromS3      storage.objects.get_stream (with byte ranges)
    getPresignedDownloadUrl   storage.presign.download (1 h)
    getPresignedUploadUrl     storage.presign.upload (15 min, size and type signed); storage.multipart
    deleteFromS3              storage.objects.delete, delete_prefix
    fileExistsInS3            storage.objects.exists, head
    extractS3Key              storage.extract_key
    moveToVideoFolder         storage.copies.move_to_videos

Keys are built and checked by `subiteya.domain.keys`; botocore's errors never leave this package
(`subiteya.storage.errors`).
"""

from subiteya.storage.bucket import ObjectInfo, Progress
from subiteya.storage.facade import Storage, open_storage
from subiteya.storage.multipart import OpenUpload, StoredPart
from subiteya.storage.presign import PresignedRequest

__all__ = [
    "ObjectInfo",
    "OpenUpload",
    "PresignedRequest",
    "Progress",
    "Storage",
    "StoredPart",
    "open_storage",
]
