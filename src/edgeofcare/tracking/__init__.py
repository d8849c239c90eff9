"""Following children, scores and models over time: the ledger of what was scored, shown, done and what happened after."""
