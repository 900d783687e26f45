"""Forms that anybody sends."""

from python_multipart.multipart import parse_options_header


def is_in_utf8(content_type: str) -> bool:
    """Whether a form's texts are UTF-8, as they are unless it says otherwise (RFC 7578 section 4.6).

    Starlette decodes them by whatever codec of Python's the sender names, and the one of host names takes a minute for a megabyte.
    """
    charset = parse_options_header(content_type)[1].get(b"charset", b"utf-8")
    return charset.lower() in (b"utf-8", b"utf8")
