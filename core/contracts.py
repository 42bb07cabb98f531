"""What a lower room asks of a higher one: every such function, in one file.

A document has to know its workflow state, a permission check the roles that the state gives, a setter the interactions
around it; but documents and security stand below workflows. So the lower room calls a contract, declared here, and the
higher room fills it when it is loaded::

    @contracts.state_roles.provides
    def state_roles(document, permission): ...

The types of both are checked against one another (mypy), and `tests/core/test_contracts.py` proves that each contract
is filled by exactly the room that is named here. A call before the rooms are loaded loads them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, ParamSpec, TypeVar

from wendelin.core.errors import RegistrationError
from wendelin.core.interfaces import IDocument, ISite, ISkinMethod, ITypeInformation
from wendelin.core.registry import get_registry

P = ParamSpec("P")
R = TypeVar("R")
Methods = Mapping[str, Callable[..., Any]]


class Contract(Generic[P, R]):
    """A function that is declared in one room and filled by a higher one."""

    def __init__(self, declaration: Callable[P, R]) -> None:
        self.declaration = declaration
        self.name = declaration.__name__
        self.__doc__ = declaration.__doc__
        self.provider: Callable[P, R] | None = None

    def __call__(self, *args: P.args, **kw: P.kwargs) -> R:
        """The provider's answer."""
        return (self.provider or self._load())(*args, **kw)

    def provides(self, function: Callable[P, R]) -> Callable[P, R]:
        """Decorator: ``function`` fills the contract. A second one is an error, unless a module is loaded again."""
        if self.provider is not None and self.provider.__module__ != function.__module__:
            raise RegistrationError(
                f"contract {self.name!r} is filled twice: by {self.provider.__module__} and by {function.__module__}"
            )
        self.provider = function
        return function

    def _load(self) -> Callable[P, R]:
        get_registry()  # loads core and every plugin
        if self.provider is None:
            raise RegistrationError(f"contract {self.name!r} is filled by no room")
        return self.provider


# -- filled by wendelin.core.model.objects


@Contract
def announce_viewers(document: IDocument) -> None:
    """Who may see the document and all below it has changed: indexes have to hear of it."""
    raise NotImplementedError


# -- filled by wendelin.core.model.portal_types


@Contract
def compile_type(site: ISite, portal_type: str) -> ITypeInformation:
    """The compiled type of that name; an empty one for a type that the site does not know."""
    raise NotImplementedError


@Contract
def untyped(portal_type: str) -> ITypeInformation:
    """What is known of a portal type outside of any site: its name."""
    raise NotImplementedError


# -- filled by wendelin.core.model.scripting


@Contract
def find_skin_method(document: IDocument, name: str) -> ISkinMethod | None:
    """The skin method that ``document.<name>`` means, not yet bound: by its full id, by type, or ``Base_<name>``."""
    raise NotImplementedError


@Contract
def type_based_method(document: IDocument, method_id: str, fallback_script_id: str | None) -> Callable[..., Any] | None:
    """``<Type>_<method_id>`` of the document's type or of a class above, bound; else the fallback; else None."""
    raise NotImplementedError


@Contract
def skin_super(document: IDocument, layer: str, method_id: str) -> Callable[..., Any]:
    """What a skin method overrides: its definition in the layers after ``layer``, bound."""
    raise NotImplementedError


# -- filled by wendelin.core.model.workflow


@Contract
def state_roles(document: IDocument, permission: str) -> frozenset[str] | None:
    """The roles that the document's workflow states give ``permission``; None where no workflow manages it."""
    raise NotImplementedError


@Contract
def begin_workflows(document: IDocument) -> None:
    """Put a new document into the first state of each of its workflows."""
    raise NotImplementedError


@Contract
def record_edit(document: IDocument) -> None:
    """Note in the document's history that it was edited."""
    raise NotImplementedError


@Contract
def run_hooked(
    document: IDocument, name: str, method: Callable[..., Any], args: tuple[Any, ...], kw: Mapping[str, Any]
) -> Any:
    """``method(document, *args, **kw)`` with the interactions around it that hook ``name``."""
    raise NotImplementedError


@Contract
def workflow_methods(site: ISite, portal_type: str, workflow_list: Iterable[str], accessors: Methods) -> Methods:
    """A type's accessors, hooked, and the methods that its workflows bring: transitions and getters of states."""
    raise NotImplementedError


# -- filled by wendelin.core.model.activities


@Contract
def activate(document: IDocument, restricted: bool, options: Mapping[str, Any]) -> Any:
    """A stand-in for the document: each call of a method on it is made later, by a worker."""
    raise NotImplementedError
