"""What check, diff, create, read, update and delete mean for a user of CVC, for every host.

Plain values in, plain values out, under the names of ``schema.json``; a host translates and decides nothing.
"""

from pulumi_cvc.lifecycle._functions import NoSuchUserError, get_user, list_members
from pulumi_cvc.lifecycle._session import Declaration, Log, Session, Severity
from pulumi_cvc.lifecycle._settings import Settings, SettingsError
from pulumi_cvc.lifecycle._user import Checked, Diff, Found, ReadOnlyError, UserExistsError, UserLifecycle
from pulumi_cvc.lifecycle._values import UNKNOWN

__all__ = [
    "UNKNOWN",
    "Checked",
    "Declaration",
    "Diff",
    "Found",
    "Log",
    "NoSuchUserError",
    "ReadOnlyError",
    "Session",
    "Settings",
    "SettingsError",
    "Severity",
    "UserExistsError",
    "UserLifecycle",
    "get_user",
    "list_members",
]
