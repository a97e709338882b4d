"""Errors of the gateway, which stands before every product: the vendor's table, and real answers seen."""

from __future__ import annotations

import uuid

_DENIED = "Request was denied due to "
_UNAUTHORIZED = "User not authorized to operate on the specified resource, or this API doesn't support RAM."
_INTERNAL = "The request processing has failed due to some unknown error, exception or failure."

KNOWN = {
    "InvalidAction.NotFound": (404, "Specified api is not found, please check your url and method."),
    "InvalidVersion": (400, "Specified parameter Version is not valid."),
    "InvalidAccessKeyId.NotFound": (404, "Specified access key is not found."),
    "InvalidAccessKeyId.Inactive": (400, "Specified access key is disabled."),
    "SignatureDoesNotMatch": (
        400,
        "Specified signature is not matched with our calculation. server string to sign is:",
    ),
    "SignatureNonceUsed": (400, "Specified signature nonce was used already."),
    "InvalidTimeStamp.Format": (400, "Specified time stamp or date value is not well formatted."),
    "InvalidTimeStamp.Expired": (400, "Specified time stamp or date value is expired."),
    "Forbidden.RAM": (403, _UNAUTHORIZED),
    "NoPermission": (403, "You are not authorized to do this action. You should be authorized by RAM."),
    "Throttling": (400, _DENIED + "request throttling."),
    "Throttling.User": (400, _DENIED + "user flow control."),
    "Throttling.Api": (400, _DENIED + "api flow control."),
    "InternalError": (500, _INTERNAL),
    "ServiceUnavailable": (503, "The request has failed due to a temporary failure of the server."),
    "InvalidSecurityToken.Expired": (400, "Specified SecurityToken is expired"),
    "InvalidSecurityToken.Malformed": (400, "Specified SecurityToken is malformed"),
    "MissingSecurityToken": (400, "SecurityToken is mandatory for this action."),
    # A guess for CVC: in other products this is the answer to a signature that is not even well formed.
    "IncompleteSignature": (400, "The request signature does not conform to Aliyun standards."),
}
"""Code: HTTP status, message."""


class GatewayError(Exception):
    """The gateway's refusal: *status* and *message* are those of `KNOWN` unless given."""

    def __init__(
        self,
        code: str,
        message: str | None = None,
        *,
        status: int | None = None,
        retry_after_ms: int | None = None,
    ) -> None:
        known_status, known_message = KNOWN.get(code, (400, ""))
        self.code = code
        self.status = known_status if status is None else status
        self.message = known_message if message is None else message
        self.retry_after_ms = retry_after_ms
        super().__init__(code)

    def answer(self, request_id: str, host: str) -> dict[str, str]:
        """Give the body: ``RequestId``, ``HostId``, ``Code``, ``Message``, ``Recommend``."""
        return {
            "RequestId": request_id,
            "HostId": host,
            "Code": self.code,
            "Message": self.message,
            "Recommend": f"https://api.aliyun.com/troubleshoot?q={self.code}&product=aliyuncvc&requestId={request_id}",
        }


def missing(parameter: str) -> GatewayError:
    """Give the refusal of a request without *parameter*, such as ``MissingUserInfo``."""
    return GatewayError(f"Missing{parameter}", f"{parameter} is mandatory for this action.", status=400)


def new_request_id() -> str:
    """Give a fresh ``RequestId``."""
    return str(uuid.uuid4()).upper()


def html_page(status: int, reason: str) -> str:
    """Give the page of the proxy in front of the gateway."""
    title = f"{status} {reason}"
    return (
        f"<html>\r\n<head><title>{title}</title></head>\r\n"
        f"<body>\r\n<center><h1>{title}</h1></center>\r\n<hr><center>tengine</center>\r\n</body>\r\n</html>\r\n"
    )
