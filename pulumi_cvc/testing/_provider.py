"""The process that hosts dynamic providers, and its protocol with plain values in and out."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from pulumi_cvc.testing._properties import Properties, from_struct, to_struct

GRPC_OPTIONS = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
_END_S = 5


class ProviderError(Exception):
    """The provider could not do what it was asked; the message is what the host says, a traceback included."""


@dataclass(frozen=True)
class Diff:
    """What a provider says of a change; None where it leaves the answer to the engine."""

    changes: bool | None
    replaces: list[str]
    delete_before_replace: bool


class Provider:
    """One process for one deployment, as with the real engine; `close` ends it."""

    def __init__(
        self, engine_address: str, config: Mapping[str, str], directory: Path, environ: Mapping[str, str]
    ) -> None:
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - closed in close
        self._process = subprocess.Popen(  # noqa: S603 - Python itself
            [sys.executable, "-u", "-m", "pulumi.dynamic", engine_address],
            cwd=directory,
            env={**os.environ, **environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
        )
        self._channel: grpc.Channel | None = None
        try:
            self._connect(config)
        except BaseException:
            self.close()
            raise

    def close(self) -> str:
        """End the process; give what it wrote to stderr."""
        if self._channel:
            self._channel.close()
        self._process.kill()
        self._process.wait(_END_S)
        if self._process.stdout:
            self._process.stdout.close()
        written = self._written()
        self._stderr.close()
        return written

    def check(self, urn: str, olds: Properties, news: Properties) -> tuple[Properties, list[str]]:
        """Give the inputs as the provider wants them, and what is wrong with them."""
        request = provider_pb2.CheckRequest(urn=urn, olds=to_struct(olds), news=to_struct(news))
        response = self._call("Check", request)
        failures = [
            f"property {failure.property}: {failure.reason}" if failure.property else failure.reason
            for failure in response.failures
        ]
        return from_struct(response.inputs), failures

    def diff(self, urn: str, id_: str, olds: Properties, news: Properties, ignored: list[str]) -> Diff:
        """Compare outputs with inputs."""
        request = provider_pb2.DiffRequest(
            urn=urn, id=id_, olds=to_struct(olds), news=to_struct(news), ignoreChanges=ignored
        )
        response = self._call("Diff", request)
        known = response.changes != provider_pb2.DiffResponse.DIFF_UNKNOWN
        changes = response.changes == provider_pb2.DiffResponse.DIFF_SOME if known else None
        return Diff(changes, [*response.replaces], response.deleteBeforeReplace)

    def create(self, urn: str, inputs: Properties) -> tuple[str, Properties]:
        """Give the id and the outputs."""
        response = self._call("Create", provider_pb2.CreateRequest(urn=urn, properties=to_struct(inputs)))
        return response.id, from_struct(response.properties)

    def read(self, urn: str, id_: str, inputs: Properties, outputs: Properties) -> tuple[Properties, Properties] | None:
        """Give inputs and outputs as they are now; None when the resource is gone."""
        request = provider_pb2.ReadRequest(
            urn=urn, id=id_, inputs=to_struct(inputs), properties=to_struct(outputs) if outputs else None
        )
        response = self._call("Read", request)
        if not response.id:
            return None
        return from_struct(response.inputs) if response.HasField("inputs") else inputs, from_struct(response.properties)

    def update(self, urn: str, id_: str, olds: Properties, news: Properties) -> Properties:
        """Give the outputs."""
        request = provider_pb2.UpdateRequest(urn=urn, id=id_, olds=to_struct(olds), news=to_struct(news))
        return from_struct(self._call("Update", request).properties)

    def delete(self, urn: str, id_: str, outputs: Properties) -> None:
        """Delete it."""
        self._call("Delete", provider_pb2.DeleteRequest(urn=urn, id=id_, properties=to_struct(outputs)))

    def _connect(self, config: Mapping[str, str]) -> None:
        assert self._process.stdout  # noqa: S101 - for the type checker
        port = self._process.stdout.readline().decode().strip()
        if not port:
            raise ProviderError(self._ended())
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=GRPC_OPTIONS)
        self._stub = provider_pb2_grpc.ResourceProviderStub(self._channel)
        self._call("Configure", provider_pb2.ConfigureRequest(args=to_struct(config)))

    def _call(self, method: str, request: object) -> Any:
        try:
            return getattr(self._stub, method)(request)
        except grpc.RpcError as error:
            if error.code() == grpc.StatusCode.UNAVAILABLE:
                raise ProviderError(self._ended()) from None
            raise ProviderError((error.details() or str(error.code())).strip()) from None

    def _ended(self) -> str:
        try:
            status = self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            return "the provider's process does not answer"
        written = self._written()
        return f"the provider's process ended with status {status}" + (f":\n{written}" if written else "")

    def _written(self) -> str:
        self._stderr.seek(0)
        return self._stderr.read().decode("utf-8", "replace").strip()
