"""Before fitting: what sample size allows, and what arithmetic forbids."""
