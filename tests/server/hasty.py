"""``certverify`` whose boxes work two seconds on a file instead of fifteen: a bomb is stopped in the same way, and sooner."""

from functools import partial
from typing import Any

from verifier import box
from verifier.cli import main

hasty: Any = partial(box.BoxLimits, processor_seconds=2)
box.BoxLimits = hasty  # type: ignore[misc] # this process is ours alone

if __name__ == "__main__":
    main()
