"""The Content Posting API: client, tokens, transfer, error table; and its simulator."""
