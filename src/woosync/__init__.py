"""woosync keeps a business back office and WooCommerce stores in agreement."""
