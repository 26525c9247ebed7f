"""The journey of a post: slot → creator_info → init → chunks S3 → TikTok → TikTok's word.

The ledger (columns of `post`) makes it exactly-once. TikTok's `init` knows no idempotency key, so:

* `publish_id` and the upload address are stored before the first byte leaves;
* bytes are acknowledged after each chunk;
* who finds a publish that somebody else began asks TikTok first what became of it;
* `init` is called again only when the earlier publish cannot become a post any more: TikTok says FAILED, or
  its upload address is dead and bytes are certainly missing.

An `init` whose answer was lost is no danger: without the upload address nobody can send it bytes, and
without bytes TikTok posts nothing.
"""
