"""Every bound of the verifier, with its reason and who could abuse its absence.

A verifier reads what strangers send. Each bound is far above what a genuine certificate needs and far below what would
hurt a small server or a telephone.
"""

MAX_RECORD_BYTES = 64 * 1024
"""SPEC 2.4; a genuine record has about 1.4 KB. Sender: anyone with a file."""

MAX_QR_TEXT = 2048
"""Characters. A version 12 code at level M holds under 700. Sender: anyone with a camera."""

MAX_QR_DIGITS = 1300
"""Decimal digits of the payload: 539 bytes; the longest certificate allowed by intake has 257."""

MAX_LOG_PROOF_BYTES = 16 * 1024
"""A proof has at most 63 hashes of 45 characters, a checkpoint and an entry. Sender: anyone with a file."""

MAX_LOG_ENTRY_BYTES = 1024
"""An entry is under 300 bytes (SPEC 6.2)."""

MAX_CHECKPOINT_BYTES = 8 * 1024
"""A checkpoint with 32 cosignatures of 150 characters. Sender: whoever serves the log."""

MAX_NOTE_SIGNATURES = 64
"""C2SP signed-note lets a client bound this. Sender: whoever serves the log."""

MAX_STATUS_LIST_BYTES = 64 * 1024
"""131072 random bits are 16 KiB, 22 KB in base64. Sender: whoever serves the status lists."""

MAX_STATUS_DETAILS_BYTES = 24 * 1024 * 1024
"""All 131072 numbers of a block revoked, at 150 bytes each."""

MAX_STATUS_VALIDITY = 7 * 86400
"""Seconds that a status list may claim to be in force. Sender: a thief of a status key, until the next trust list."""

STATUS_LIST_BITS = 131072
"""SPEC 5.2: entries of one list, the W3C minimum. Expanded size 16384 bytes, exactly."""

MAX_NUMBER_TEXT = 64
"""Characters of a number as a person types it, separators included."""

MAX_NAME_TEXT = 200
"""Characters of a name as a person types it."""
