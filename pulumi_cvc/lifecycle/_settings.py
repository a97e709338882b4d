"""The configuration: of the stack first, then of the environment, then the defaults of ``schema.json``."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi_cvc import api, schema


class SettingsError(api.ConfigurationError):
    """The configuration is wrong; each failure names its key and the rule, and none shows a value."""

    def __init__(self, failures: list[str]) -> None:
        super().__init__("; ".join(failures))
        self.failures = failures


@dataclass(frozen=True)
class Settings:
    """What the stack configures under ``cvc:``; `read` explains where each value is looked for."""

    endpoint: str = api.DEFAULT_ENDPOINT
    region_id: str = "cn-hangzhou"
    signature: str = "acs3-hmac-sha256"
    on_existing: str = "adopt"
    max_concurrency: int = 128
    max_qps: float | None = None
    max_attempts: int = 5
    timeout_s: float = 30
    not_found_error_codes: tuple[str, ...] = ()
    read_only: bool = False
    access_key_id: str | None = None
    access_key_secret: str | None = field(default=None, repr=False)
    security_token: str | None = field(default=None, repr=False)
    profile: str | None = None

    @classmethod
    def read(cls, config: Mapping[str, Any], environ: Mapping[str, str] = os.environ) -> Settings:
        """Read stack configuration, a mapping such as ``{"cvc:endpoint": "…"}`` with strings as Pulumi holds them.

        Keys of other namespaces are passed over. Keys and profiles in *environ* are the API client's to find. Raises
        `SettingsError` with everything that is wrong.
        """
        given = {key.removeprefix("cvc:"): value for key, value in config.items() if key.startswith("cvc:")}
        if environ.get("CVC_ENDPOINT"):
            given.setdefault("endpoint", environ["CVC_ENDPOINT"])
        # Pulumi refreshes and destroys by the configuration of the last up, so a job has to be able to forbid writes.
        if environ.get("CVC_READ_ONLY") and str(given.get("readOnly", "false")) == "false":
            given["readOnly"] = environ["CVC_READ_ONLY"]
        variables = schema.package()["config"]["variables"]
        values = {name: _typed(value, variables.get(name, {}).get("type")) for name, value in given.items()}
        failures = [failure.text("cvc:{}".format) for failure in schema.failures(schema.CONFIG, values)]
        if isinstance(values.get("endpoint"), str):
            try:
                api.check_endpoint(values["endpoint"])
            except api.ConfigurationError as error:
                failures.append(f"cvc:endpoint (or CVC_ENDPOINT) is wrong: {error}")
        if failures:
            raise SettingsError(failures)
        fields = {
            "timeout_s" if name == "timeout" else schema.snake_case(name): value for name, value in values.items()
        }
        if "notFoundErrorCodes" in values:
            fields["not_found_error_codes"] = tuple(values["notFoundErrorCodes"])
        return cls(**fields)

    def client(self) -> api.Client:
        """Make the API client that these settings describe; nothing is called and no credentials are looked for yet."""
        credentials = api.DefaultCredentials(
            access_key_id=self.access_key_id,
            access_key_secret=self.access_key_secret,
            security_token=self.security_token,
            profile=self.profile,
        )
        return api.Client(
            credentials,
            endpoint=self.endpoint,
            region_id=self.region_id,
            signature=self.signature,
            max_attempts=self.max_attempts,
            timeout_s=self.timeout_s,
            max_connections=self.max_concurrency,
            max_qps=self.max_qps,
            not_found_error_codes=self.not_found_error_codes,
        )


def _typed(value: Any, wanted: str | None) -> Any:
    """Turn the string in which Pulumi holds a value into the type that the schema wants, or leave it for validation."""
    if not isinstance(value, str):
        return value
    if wanted == "array":
        return _error_codes(value)
    if wanted in {"integer", "number", "boolean"}:
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _error_codes(text: str) -> list[str]:
    """Read ``[1001, 1002]`` or ``1001,1002``."""
    return [
        code.strip().strip("\"'")
        for code in text.strip().removeprefix("[").removesuffix("]").split(",")
        if code.strip()
    ]
