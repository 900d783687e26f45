"""What is imported by now stays for good: the collector of garbage need not look at it again, here or in what is forked from here."""

import gc

gc.collect()
gc.freeze()
