"""Risk models: the classifier, its recalibration on later records, and the simple rules to beat."""
