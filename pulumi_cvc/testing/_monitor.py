"""The two services that a program and a provider expect of an engine, on a port of this machine."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, resource_pb2, resource_pb2_grpc

from pulumi_cvc.testing._deployment import Deployment, StopError
from pulumi_cvc.testing._provider import GRPC_OPTIONS
from pulumi_cvc.testing._report import Report

_Request = TypeVar("_Request")
_Response = TypeVar("_Response")

_WORKERS = 32
# Nothing is in flight at the end; without a grace gRPC says on stderr that it breaks connections off.
_GRACE_S = 5
_SEVERITIES = {engine_pb2.INFO: "info", engine_pb2.WARNING: "warning", engine_pb2.ERROR: "error"}
_FEATURES = [
    resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
]


class Engine(engine_pb2_grpc.EngineServicer):
    """Takes messages."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._root = ""

    def Log(self, request: engine_pb2.LogRequest, _context: object) -> empty_pb2.Empty:  # noqa: N802 - the protocol's name
        """Report what is not about debugging or progress; a program that was stopped has nothing to say."""
        severity = _SEVERITIES.get(request.severity)
        follows = severity == "error" and self._report.failed
        if severity and not request.ephemeral and not follows:
            self._report.message(severity, request.message, request.urn)
        return empty_pb2.Empty()

    def SetRootResource(  # noqa: N802
        self, request: engine_pb2.SetRootResourceRequest, _context: object
    ) -> engine_pb2.SetRootResourceResponse:
        """Remember the stack's own resource."""
        self._root = request.urn
        return engine_pb2.SetRootResourceResponse()

    def GetRootResource(self, _request: object, _context: object) -> engine_pb2.GetRootResourceResponse:  # noqa: N802
        """Give it."""
        return engine_pb2.GetRootResourceResponse(urn=self._root)

    def RequirePulumiVersion(  # noqa: N802
        self, _request: object, _context: object
    ) -> engine_pb2.RequirePulumiVersionResponse:
        """Fit every version: there is no CLI."""
        return engine_pb2.RequirePulumiVersionResponse()


class Monitor(resource_pb2_grpc.ResourceMonitorServicer):
    """Takes what the program declares; what the protocol has besides is refused as not implemented."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    def GetDeploymentInfo(self, _request: object, _context: object) -> resource_pb2.DeploymentInfo:  # noqa: N802
        """Tell the SDK what it may use."""
        return resource_pb2.DeploymentInfo(supportedFeatures=_FEATURES)

    def SupportsFeature(  # noqa: N802
        self, request: resource_pb2.SupportsFeatureRequest, _context: object
    ) -> resource_pb2.SupportsFeatureResponse:
        """Tell an older SDK."""
        return resource_pb2.SupportsFeatureResponse(hasSupport=request.id in {"secrets", "aliasSpecs", "deletedWith"})

    def RegisterResource(  # noqa: N802
        self, request: resource_pb2.RegisterResourceRequest, context: grpc.ServicerContext
    ) -> resource_pb2.RegisterResourceResponse:
        """Bring a resource about."""
        return self._unless_stopped(self._deployment.register, request, context)

    def ReadResource(  # noqa: N802
        self, request: resource_pb2.ReadResourceRequest, context: grpc.ServicerContext
    ) -> resource_pb2.ReadResourceResponse:
        """Look a resource up."""
        return self._unless_stopped(self._deployment.look_up, request, context)

    def RegisterResourceOutputs(  # noqa: N802
        self, request: resource_pb2.RegisterResourceOutputsRequest, _context: object
    ) -> empty_pb2.Empty:
        """Take outputs."""
        self._deployment.register_outputs(request)
        return empty_pb2.Empty()

    def SignalAndWaitForShutdown(self, _request: object, _context: object) -> empty_pb2.Empty:  # noqa: N802
        """Let the program end; deletions do not need it."""
        return empty_pb2.Empty()

    def _unless_stopped(
        self, method: Callable[[_Request], _Response], request: _Request, context: grpc.ServicerContext
    ) -> _Response:
        try:
            return method(request)
        except StopError:
            context.abort(grpc.StatusCode.UNAVAILABLE, "the deployment has failed")


class Server:
    """Serves both on one port, from `start` to `close`."""

    def __init__(self, report: Report) -> None:
        self._server = grpc.server(ThreadPoolExecutor(_WORKERS), options=GRPC_OPTIONS)
        engine_pb2_grpc.add_EngineServicer_to_server(Engine(report), self._server)
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"

    def start(self, deployment: Deployment) -> None:
        """Serve *deployment*."""
        resource_pb2_grpc.add_ResourceMonitorServicer_to_server(Monitor(deployment), self._server)
        self._server.start()

    def close(self) -> None:
        """End."""
        self._server.stop(_GRACE_S).wait()
