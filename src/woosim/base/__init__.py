"""The records every seed has, made on demand from an index and never kept."""
