"""``python -m edgeofcare`` is the command ``edgeofcare``."""

from edgeofcare.cli.entry import main

if __name__ == "__main__":
    raise SystemExit(main())
