"""BullMQ's queues `video-edit` and `video-upload`: names, enqueue, inspect, events."""
