"""The log's long memory: facts of commits and log lines, in S3 or on a laptop, and SQL over them (docs/queries.md)."""
