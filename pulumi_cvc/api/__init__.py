"""A client of the CVC API, version 2019-10-30: four actions, signed, retried, and errors that say what to do."""

from pulumi_cvc.api._client import Client
from pulumi_cvc.api._credentials import Credentials, CredentialsProvider, DefaultCredentials
from pulumi_cvc.api._endpoint import DEFAULT_ENDPOINT, check_endpoint
from pulumi_cvc.api._fields import REQUIRED_FIELDS, USER_FIELDS, Meeting, Member, UserInfo, UserRecord
from pulumi_cvc.api.errors import (
    AnswerError,
    ConfigurationError,
    CredentialsError,
    CvcError,
    GatewayError,
    RequestError,
    ServiceError,
    UnreachableError,
    UserNotFoundError,
)

__all__ = [
    "DEFAULT_ENDPOINT",
    "REQUIRED_FIELDS",
    "USER_FIELDS",
    "AnswerError",
    "Client",
    "ConfigurationError",
    "Credentials",
    "CredentialsError",
    "CredentialsProvider",
    "CvcError",
    "DefaultCredentials",
    "GatewayError",
    "Meeting",
    "Member",
    "RequestError",
    "ServiceError",
    "UnreachableError",
    "UserInfo",
    "UserNotFoundError",
    "UserRecord",
    "check_endpoint",
]
