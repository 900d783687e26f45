"""The errors of the witness, told apart by a code; sentences stand in ``registry.messages``."""


class WitnessError(Exception):
    """The witness cannot be made or opened. ``code`` is the condition, ``params`` fill its sentence."""

    def __init__(self, code: str, /, **params: str | int) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


class RefusalError(Exception):
    """A request that the witness does not cosign. ``status`` and ``body`` are the answer (C2SP tlog-witness)."""

    def __init__(self, status: int, body: str = "", *, media_type: str = "text/plain; charset=utf-8") -> None:
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body
        self.media_type = media_type
