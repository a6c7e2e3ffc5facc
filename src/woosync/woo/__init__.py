"""Everything that talks to a store: the wire format here, the client beside it."""
