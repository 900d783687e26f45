"""The one error of this room, told apart by a code.

``face_kind`` no face for this kind and version · ``face_record`` the record lacks what its face shows ·
``face_font`` the font is not installed · ``face_glyph`` a character the font cannot draw · ``face_qr_text`` the QR
text is not prefix and digits · ``face_qr_too_long`` it needs a larger version than may be · ``face_log_proof`` the log proof
is not UTF-8 text · ``face_typeset`` typst failed or warned. ``detail`` carries no personal data.
"""


class FaceError(Exception):
    """A face cannot be drawn. ``code`` is the condition."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail
