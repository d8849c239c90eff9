"""Did it help? Rolling a score out team by team, what that could show, and what it showed."""
