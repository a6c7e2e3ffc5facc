"""What WooCommerce does when something is sold, edited, refunded or thrown away.

Called by the REST routes that write and by the admin API; every function changes the shop at once,
without waiting inside, and emits the events that webhooks follow.
"""
