"""A saved model as a small service over HTTP: scores, reasons, health and metrics; needs the extra ``service``."""
