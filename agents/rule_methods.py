"""Reads from a protocol class which attributes and methods a rule may use of its argument.

The catalog, the ODD page, the guides and the scaffold of a new rule print what this module returns.
"""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass


@dataclass(frozen=True)
class ProtocolMember:
    """An attribute or a method of a protocol class.

    Attributes:
        name: its name.
        call: its signature without types; the name alone for an attribute.
        typed: its signature with types.
        doc: its docstring.
    """

    name: str
    call: str
    typed: str
    doc: str

    @property
    def summary(self) -> str:
        """The first line of the docstring."""
        return self.doc.partition("\n")[0]


def protocol_members(protocol: type) -> list[ProtocolMember]:
    """The attributes of a protocol class, then its public methods, in the order of their definition."""
    about = documented_attributes(protocol)
    found = [
        ProtocolMember(name, name, f"{name}: {kind}", about.get(name, ""))
        for name, kind in inspect.get_annotations(protocol).items()
    ]
    for name, method in vars(protocol).items():
        if inspect.isfunction(method) and not name.startswith("_"):
            found.append(_of_method(name, method))
    return found


def documented_attributes(described: type) -> dict[str, str]:
    """The description of each attribute in the section "Attributes:" of a class's docstring."""
    listed = (inspect.getdoc(described) or "").partition("Attributes:\n")[2]
    found = re.findall(r"^    (\w+): (.+(?:\n {8}.+)*)", listed, re.MULTILINE)
    return {name: " ".join(said.split()) for name, said in found}


def protocol_member(protocol: type, name: str) -> ProtocolMember:
    """The attribute or method of that name."""
    return next(found for found in protocol_members(protocol) if found.name == name)


def _of_method(name: str, method: object) -> ProtocolMember:
    assert inspect.isfunction(method)
    signature = inspect.signature(method)
    typed = signature.replace(parameters=list(signature.parameters.values())[1:])  # without self
    plain = [p.replace(annotation=p.empty) for p in typed.parameters.values()]
    call = str(typed.replace(parameters=plain, return_annotation=signature.empty))
    return ProtocolMember(name, f"{name}{call}", f"{name}{typed}".replace("'", ""), inspect.getdoc(method) or "")
