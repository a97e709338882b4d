"""A dynamic provider that does nothing: what a deployment costs without any provider's work."""

from typing import Any

from pulumi import ResourceOptions, dynamic


class NoopProvider(dynamic.ResourceProvider):
    """Takes what it is given."""

    # As in `pulumi_cvc.dynamic.UserProvider`: an encryption for each resource would be measured instead.
    serialize_as_secret_always = False

    def create(self, props: dict[str, Any]) -> dynamic.CreateResult:
        """Give the user's id."""
        return dynamic.CreateResult(props["user_id"], props)

    def update(self, _id: str, _olds: dict[str, Any], news: dict[str, Any]) -> dynamic.UpdateResult:
        """Take the new ones."""
        return dynamic.UpdateResult(news)


class Noop(dynamic.Resource):
    """Holds the same data as a user."""

    def __init__(self, resource_name: str, opts: ResourceOptions | None = None, **inputs: str) -> None:
        super().__init__(NoopProvider(), resource_name, {**inputs}, opts)
