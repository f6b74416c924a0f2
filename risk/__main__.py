"""``python -m risk`` is the same as ``risk``."""

from risk.cli import main

if __name__ == "__main__":
    main()
