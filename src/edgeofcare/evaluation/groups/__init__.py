"""Who a model is good for: measures of groups, what differs, and what cannot hold together."""
