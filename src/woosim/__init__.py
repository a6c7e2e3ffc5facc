"""woosim is a simulated WooCommerce store: real HTTP, real semantics, no PHP."""
