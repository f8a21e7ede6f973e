"""``python -m lesionary`` is the same as ``lesionary``."""

from lesionary.cli import main

main()
