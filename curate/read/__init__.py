"""Sources: where documents come from. Every record of the input becomes one row, usable or not."""

from curate.read.shard import Input, InputClash, InputMissing, SchemaMismatch, Seen, Shard, Source, missing_id

__all__ = ["Input", "InputClash", "InputMissing", "SchemaMismatch", "Seen", "Shard", "Source", "missing_id"]
