"""The engines that `up` and the tests run: PostgreSQL, Valkey, SeaweedFS and their supervisor."""
