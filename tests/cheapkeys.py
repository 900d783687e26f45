"""The price of a guess, lowered for every key file that the tests make: their thousands of processes open them at once.

Nothing else differs: the same derivation, cipher and file. Who wants the real price asks for ``ScryptCost()``.
"""

from keys import custody

custody.STANDARD_COST = custody.ScryptCost(n=16, r=1, p=1)
