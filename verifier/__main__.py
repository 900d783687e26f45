"""``python -m verifier``: the same as ``certverify``."""

from verifier.cli import main

main()
