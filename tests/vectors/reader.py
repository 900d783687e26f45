"""The Python verifier as a program that speaks the protocol: ``python -m tests.vectors.reader``."""

import json
import sys

from tests.vectors.protocol import judge


def main() -> None:
    """Answer every line of standard input."""
    for line in sys.stdin:
        sys.stdout.write(json.dumps({"answer": judge(json.loads(line)).to_json()}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
