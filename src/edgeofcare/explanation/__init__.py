"""Why a score is what it is: exact contributions, reasons in words, and the records behind them."""
