"""WooCommerce's wire form to domain records and back, one file per noun; stored snapshots. Pure."""
