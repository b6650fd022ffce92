"""What goes wrong, as exceptions.

A call that breaks a rule, or that a phase does not serve, is a ValueError; an argument of the wrong kind is a
TypeError; both as torch users expect them. What is left are a library that is not there and a device that fails.
"""
from . import _abi


class LibraryNotFoundError(ImportError):
    """libflashcore_kernels.so was not found, cannot be loaded, or speaks another version."""


class FlashcoreError(RuntimeError):
    """The device, its driver or a library (cuBLAS, cuDNN) is missing or failed."""

    def __init__(self, sentence, status):
        super().__init__(sentence)
        self.status = status  # a number of flashcore._abi, such as ERROR_NO_DEVICE


def sentence_of(library):
    """The library's last error on this thread: what happened, what to do about it, what the driver said."""
    message, remedy, detail = (text().decode("utf-8", "replace") for text in (
        library.fc_error_message, library.fc_error_remedy, library.fc_error_detail))
    sentence = f"{message}; {remedy}" if remedy else message
    return f"{sentence} ({detail})" if detail else sentence


def check(library, status):
    """Raises what a status stands for."""
    if status == _abi.OK:
        return
    sentence = sentence_of(library)
    if status == _abi.ERROR_USAGE:
        raise ValueError(sentence)
    raise FlashcoreError(sentence, status)
