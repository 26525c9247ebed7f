"""S3: streams, multipart, presigned addresses, keys bound to their owner."""
