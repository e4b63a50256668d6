"""From plain configuration to objects: signatures checked first, names limited to known code."""

import functools
import importlib
import inspect
from collections.abc import Callable, Mapping
from typing import Any, Final

from sem3d.errors import InputError, did_you_mean

ALLOWED: Final = ("sem3d.", "torch.optim.", "torch.nn.", "lightning.pytorch.Trainer")
"""A configuration may come from a stranger's checkpoint: nothing else is imported. Other parts of
Lightning would call whatever they are told (``lightning.pytorch.cli.instantiate_class``)."""

TARGET: Final = "_target_"


def build(node: Any, path: str = "", **given: Any) -> Any:
    """Build the object that `node` describes, nested nodes first.

    Args:
        node: plain configuration; a mapping with ``_target_`` becomes a call of that class.
        path: where the node stands, for messages.
        given: further arguments, passed as they are.

    Raises:
        InputError: unknown target, arguments that do not fit its signature, or values it refuses.
    """
    if isinstance(node, Mapping) and TARGET in node:
        return call(partial(node, path, **given), path)
    if isinstance(node, Mapping):
        return {k: build(v, f"{path}.{k}") for k, v in node.items()}
    if isinstance(node, list):
        return [build(v, f"{path}[{i}]") for i, v in enumerate(node)]
    return node


def call(make: Callable[..., Any], path: str, **given: Any) -> Any:
    """Call what `partial` returned; a value that it refuses is told with its place.

    Raises:
        InputError: the values are of the wrong type or out of range.
    """
    try:
        return make(**given)
    except InputError:
        raise
    except (TypeError, ValueError) as error:
        raise InputError(f"{path} cannot be built: {error}; correct its values") from error


def partial(node: Mapping[str, Any], path: str = "", **given: Any) -> Callable[..., Any]:
    """Return the call that `node` describes with its arguments bound, to be completed later."""
    target = locate(node[TARGET], path)
    arguments = {k: v for k, v in node.items() if k != TARGET}
    check_arguments(target, arguments, path)
    built = {k: build(v, f"{path}.{k}".lstrip(".")) for k, v in arguments.items()}
    return functools.partial(target, **built, **given)


def locate(name: str, path: str) -> Callable[..., Any]:
    """Import the class or function called `name`.

    Raises:
        InputError: the name is outside `ALLOWED` or does not exist.
    """
    if not name.startswith(ALLOWED):
        raise InputError(
            f"{path}.{TARGET} is {name!r}; only names below {', '.join(ALLOWED)} are built"
        )
    module, _, attribute = name.rpartition(".")
    try:
        target = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise InputError(f"{path}.{TARGET} {name!r} does not exist ({error})") from error
    if not callable(target) or (module.startswith("sem3d.") and target.__module__ != module):
        raise InputError(f"{path}.{TARGET} {name!r} is no class or function of {module}")
    return target


def check_arguments(target: Callable[..., Any], arguments: Mapping[str, Any], path: str) -> None:
    """Raise `InputError` when `target` does not take one of the named `arguments`."""
    parameters = inspect.signature(target).parameters.values()
    if any(p.kind is p.VAR_KEYWORD for p in parameters) and inspect.isclass(target):
        parameters = _inherited(target)
    known = {p.name for p in parameters if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)}
    for name in arguments:
        if name not in known:
            raise InputError(
                f"{path or 'configuration'}: {target.__name__} has no {name!r}"
                + did_you_mean(name, known - {"self"})
            )


def _inherited(cls: type) -> Any:
    """Parameters of every constructor along the inheritance, for classes that pass on kwargs."""
    constructors = [vars(c)["__init__"] for c in cls.__mro__[:-1] if "__init__" in vars(c)]
    signatures = [inspect.signature(c).parameters for c in constructors]
    return [p for parameters in signatures for p in parameters.values()]
