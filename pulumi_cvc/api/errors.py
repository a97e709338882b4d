"""What can go wrong, each as one complete line without a secret or a personal value.

::

    CvcError
    ├── ConfigurationError      an argument of the client is wrong; nothing was sent
    ├── CredentialsError        no credentials were found, or they cannot be used
    ├── RequestError            the request cannot be sent as it is; nothing was sent
    ├── UnreachableError        no answer: refused, DNS, TLS, time-out, dropped
    ├── GatewayError            an HTTP status other than 2xx
    ├── AnswerError             HTTP 200 with an answer that cannot be read or contradicts itself
    └── ServiceError            HTTP 200 with `Success: false`
        └── UserNotFoundError   ... because the user does not exist
"""

from __future__ import annotations


class CvcError(Exception):
    """Everything that this package raises on purpose; ``str()`` is one complete line that is fit to be shown."""


class ConfigurationError(CvcError):
    """The endpoint, the name of the signature or a limit is wrong; nothing was sent."""


class CredentialsError(CvcError):
    """No credentials were found, or those found cannot be used; the text says what was tried, in which order."""


class RequestError(CvcError):
    """The request cannot be sent as it is, for example because a user has no ``userId``; nothing was sent."""


class UnreachableError(CvcError):
    """No answer came: connection refused, unknown host, TLS, proxy, time-out or a dropped connection.

    A write may have been applied all the same.
    """


class AnswerError(CvcError):
    """The answer cannot be read: empty, not JSON, of another shape, or in contradiction with itself."""


class GatewayError(CvcError):
    """The gateway, or a proxy before it, answered with an HTTP *status* other than 2xx.

    *code* is the gateway's ``Code``, for example ``Forbidden.RAM``, or ``""`` when the answer was not the gateway's.
    *message* is what it said, without what must not be shown. *request_id* is ``""`` when there was none.
    """

    def __init__(self, text: str, *, status: int = 0, code: str = "", message: str = "", request_id: str = "") -> None:
        super().__init__(text)
        self.status = status
        self.code = code
        self.message = message
        self.request_id = request_id


class ServiceError(CvcError):
    """CVC itself refused: HTTP 200 with ``Success: false``; for a batch, one answer for all of it.

    *error_code* is ``ErrorCode`` as text, for example ``"1001"``. *message* is what the service said, without what must
    not be shown. *request_id* is ``""`` when there was none.
    """

    def __init__(self, text: str, *, error_code: str = "", message: str = "", request_id: str = "") -> None:
        super().__init__(text)
        self.error_code = error_code
        self.message = message
        self.request_id = request_id


class UserNotFoundError(ServiceError):
    """The service said that a user of the request does not exist."""
