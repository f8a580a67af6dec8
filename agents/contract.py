"""What a rule may ask of what it is handed, read from the protocol class itself.

The catalog, the ODD page, the guides and the scaffold of a new rule all print what this module reads.
"""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Verb:
    """An attribute or a method of a protocol.

    Attributes:
        name: its name.
        call: how it is called, without types.
        typed: the same with types.
        doc: its docstring.
    """

    name: str
    call: str
    typed: str
    doc: str

    @property
    def says(self) -> str:
        """The first line of the docstring."""
        return self.doc.partition("\n")[0]


def verbs(protocol: type) -> list[Verb]:
    """The attributes, then the methods, of a protocol class in the order in which it defines them."""
    about = attributes(protocol)
    found = [
        Verb(name, name, f"{name}: {kind}", about.get(name, ""))
        for name, kind in inspect.get_annotations(protocol).items()
    ]
    for name, method in vars(protocol).items():
        if inspect.isfunction(method) and not name.startswith("_"):
            found.append(_of_method(name, method))
    return found


def attributes(described: type) -> dict[str, str]:
    """What the section "Attributes:" of a class's docstring says of each attribute."""
    listed = (inspect.getdoc(described) or "").partition("Attributes:\n")[2]
    found = re.findall(r"^    (\w+): (.+(?:\n {8}.+)*)", listed, re.MULTILINE)
    return {name: " ".join(said.split()) for name, said in found}


def verb(protocol: type, name: str) -> Verb:
    """One method of a protocol."""
    return next(found for found in verbs(protocol) if found.name == name)


def _of_method(name: str, method: object) -> Verb:
    assert inspect.isfunction(method)
    whole = inspect.signature(method)
    typed = whole.replace(parameters=list(whole.parameters.values())[1:])  # without self
    plain = [p.replace(annotation=p.empty) for p in typed.parameters.values()]
    call = str(typed.replace(parameters=plain, return_annotation=whole.empty))
    return Verb(name, f"{name}{call}", f"{name}{typed}".replace("'", ""), inspect.getdoc(method) or "")
