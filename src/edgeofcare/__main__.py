"""``python -m edgeofcare`` is the command ``edgeofcare``."""

from edgeofcare.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
