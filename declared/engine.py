"""A stand-in for the Pulumi engine that remembers everything a program registered.

`MockResourceArgs` shows what a provider would see. Parents, protection, dependencies and secrets
are only in the requests to the engine, which is why the monitor itself is subclassed here.
"""

# Pulumi's mocks and messages carry no types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUntypedFunctionDecorator=false

from __future__ import annotations

import asyncio
import contextvars
import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi.runtime import MockCallArgs, MockResourceArgs, rpc
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.stack import Stack
from typing_extensions import override

Inputs = Mapping[str, Any]

# How a value travels when it is a secret.
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"


@dataclass(frozen=True, kw_only=True, slots=True)
class Resource:
    """One registration, as the engine received it."""

    urn: str
    type: str
    name: str
    inputs: Inputs
    secret: frozenset[str]
    parent: str
    provider: str
    providers: Mapping[str, str]
    dependencies: frozenset[str]
    protect: bool
    retain: bool
    imported: str
    deleted_first: bool
    aliases: tuple[str, ...]
    timeouts: Mapping[str, str]
    ignored: tuple[str, ...]

    @property
    def kind(self) -> str:
        """The last word of its type: Deployment, Secret, Backend."""
        return self.type.rsplit(":", 1)[-1]

    @property
    def object_name(self) -> str:
        """What `kubectl` calls it."""
        return self.inputs["metadata"]["name"]

    @property
    def pod(self) -> Inputs:
        """The specification of the pods it makes."""
        return self.template["spec"]

    @property
    def template(self) -> Inputs:
        """The template of the pods it makes, at once or at its times."""
        spec = self.inputs["spec"]
        return spec.get("jobTemplate", {"spec": spec})["spec"]["template"]

    @property
    def makes_pods(self) -> bool:
        """Whether pods come of it."""
        return not {"template", "jobTemplate"}.isdisjoint(self.inputs.get("spec", {}))

    @property
    def container(self) -> Inputs:
        """The one container of its pods."""
        (container,) = self.pod["containers"]
        return container

    @property
    def env(self) -> Mapping[str, Any]:
        """The environment of its one container: text, or where in which Secret it is."""
        return {each["name"]: environment_value(each) for each in self.container["env"]}


def environment_value(variable: Inputs) -> Any:
    """Return a variable's text, or the Secret and key it comes from."""
    if "value" in variable:
        return variable["value"]
    reference = variable["valueFrom"]["secretKeyRef"]
    return reference["name"], reference["key"]


class Provider(pulumi.runtime.Mocks):
    """Give every resource its own inputs back as state, and every image a digest."""

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        identity = None if pulumi.runtime.is_dry_run() else f"{args.name}-id"
        return identity, args.inputs | self._computed(args)

    def _computed(self, args: MockResourceArgs) -> dict[str, Any]:
        if args.typ != "docker:index/image:Image":
            return {}
        repository = args.inputs["imageName"].rsplit(":", 1)[0]
        return {"repoDigest": f"{repository}@{digest_of(args.inputs['build'])}"}

    def call(self, args: MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        raise NotImplementedError(f"no provider function may be called, but {args.token} was")


def digest_of(build: Inputs) -> str:
    """Return the digest this engine's registry gives to what *build* makes."""
    return f"sha256:{hashlib.sha256(repr(sorted(build.items())).encode()).hexdigest()}"


class Engine(MockMonitor):
    """Everything one run registered, ready to be asked about."""

    def __init__(self) -> None:
        super().__init__(Provider())
        self.seen: list[Resource] = []
        self.outputs: dict[str, Inputs] = {}
        self.exports: Inputs = {}

    @override
    def make_urn(self, parent: str, type_: str, name: str) -> str:
        """Return the URN the real engine gives: the types of all ancestors but the stack."""
        ancestors = parent.split("::")[2] if parent else "pulumi:pulumi:Stack"
        chain = type_ if ancestors == "pulumi:pulumi:Stack" else f"{ancestors}${type_}"
        return f"urn:pulumi:{pulumi.get_stack()}::{pulumi.get_project()}::{chain}::{name}"

    @override
    def RegisterResource(self, request: Any) -> Any:
        response = super().RegisterResource(request)
        inputs = rpc.deserialize_properties(request.object)
        self.seen.append(
            Resource(
                urn=response.urn,
                type=request.type,
                name=request.name,
                inputs={key: revealed(value) for key, value in inputs.items()},
                secret=frozenset(key for key, value in inputs.items() if holds_secret(value)),
                parent=request.parent,
                provider=request.provider,
                providers=dict(request.providers),
                dependencies=frozenset(request.dependencies),
                protect=request.protect,
                retain=request.retainOnDelete,
                imported=request.importId,
                deleted_first=request.deleteBeforeReplace,
                aliases=tuple(str(each) for each in request.aliases),
                timeouts={
                    "create": request.customTimeouts.create,
                    "update": request.customTimeouts.update,
                    "delete": request.customTimeouts.delete,
                },
                ignored=tuple(request.ignoreChanges),
            )
        )
        return response

    @override
    def RegisterResourceOutputs(self, request: Any) -> Any:
        self.outputs[request.urn] = rpc.deserialize_properties(request.outputs)
        return super().RegisterResourceOutputs(request)

    def all(self, kind: str) -> list[Resource]:
        """Return every resource whose type ends in *kind*."""
        return [each for each in self.seen if each.kind == kind]

    def one(self, kind: str, name: str | None = None) -> Resource:
        """Return the single *kind*, or the single one of them that is called *name*."""
        (found,) = (each for each in self.all(kind) if name in (None, each.name))
        return found

    @property
    def objects(self) -> list[Resource]:
        """Every object that goes to the cluster."""
        return [each for each in self.seen if each.type.startswith("kubernetes:")]

    @property
    def manifests(self) -> list[Inputs]:
        """Those objects in the words of the Kubernetes API, each with its kind."""
        return [{"kind": each.kind, **each.inputs} for each in self.objects]

    @property
    def pods(self) -> list[Resource]:
        """Everything that makes pods."""
        return [each for each in self.objects if each.makes_pods]


def holds_secret(value: Any) -> bool:
    """Return whether *value* is a secret or has one in it."""
    if isinstance(value, Mapping):
        if value.get(_SIGNATURE) == _SECRET:
            return True
        return any(holds_secret(each) for each in value.values())
    return isinstance(value, list) and any(holds_secret(each) for each in value)


def revealed(value: Any) -> Any:
    """Return *value* with what is secret in it in clear."""
    if isinstance(value, Mapping):
        if value.get(_SIGNATURE) == _SECRET:
            return revealed(value["value"])
        return {key: revealed(each) for key, each in value.items()}
    return [revealed(each) for each in value] if isinstance(value, list) else value


def texts(value: Any) -> Iterator[str]:
    """Yield every text in *value*, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts(each)


def run(program: Callable[[], object], *, stack: str = "ov-demo", preview: bool = False) -> Engine:
    """Run *program* until its last registration has landed, leaving no trace of the run.

    Pulumi keeps the stack, its configuration and its settings in context variables, so a fresh
    context is a fresh process. Outputs belong to the loop that is current when they are made:
    make them inside *program*.
    """
    return contextvars.Context().run(_run, program, stack, preview=preview)


def _run(program: Callable[[], object], stack: str, *, preview: bool) -> Engine:
    engine = Engine()
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        pulumi.runtime.set_mocks(
            engine.mocks, project="openvault", stack=stack, preview=preview, monitor=engine
        )
        pulumi.runtime.test(lambda: _exports(program, engine))()
    finally:
        loop.close()
    return engine


def _exports(program: Callable[[], object], engine: Engine) -> pulumi.Output[None]:
    result = program()
    stack = pulumi.runtime.get_root_resource()
    if not isinstance(stack, Stack):
        raise TypeError("a program is run inside a stack, and this one was not")
    exported = pulumi.Output.all(result=result, exports=stack.outputs)

    def keep(known: Inputs) -> None:
        engine.exports = known["exports"]

    return exported.apply(keep)
