"""Whether to use a model: alarms, criteria and the verdict."""
