"""The house: who may import whom, where Mesa may stand, and where real numbers may be added."""

import ast
import os
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from juste_retour.abm.outcomes import run
from juste_retour.abm.scenario import load
from juste_retour.agents.arrays import total
from juste_retour.agents.errors import BadInput
from juste_retour.agents.rules import FAMILIES

ROOT = Path(__file__).parents[1]
ROOMS = ("agents", "abm", "runs", "visualization")  # each may import itself and those before it
FILES = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]
MESA = {"agents/mesa_agents.py", "abm/model.py", "abm/world_model.py", "visualization/mesa_page.py"}
ADDING = {"sum", "mean", "std", "var", "prod", "dot", "cumsum", "cumprod", "trace"}
ONCE = {  # solve a fixed point once for a scenario, the same for all its worlds
    "abm/politics/mixing.py",
    "abm/politics/stationary.py",
    "abm/politics/tables/lasting_pie.py",
    "abm/politics/continuation.py",
    "abm/politics/mean_world.py",
    "abm/politics/sampled.py",
}
WHOLE = {  # additions by NumPy's functions in which only integers and booleans are added
    "abm/politics/power/table.py": {"np.add"},
    "abm/politics/conditions.py": {"np.cumsum"},
    "abm/politics/relocation.py": {"np.cumsum"},
    "abm/politics/positions.py": {"np.prod"},
}


def name_of(path):
    return path.relative_to(ROOT).as_posix()


def tree_of(path):
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imported(path):
    """The rooms and other top packages that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(tree_of(path)):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, (
                f"{name_of(path)}:{node.lineno} imports relatively, so the arrow cannot be seen"
            )
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module") and node.args:
            names = [str(node.args[0].value)] if isinstance(node.args[0], ast.Constant) else []
        for name in names:
            assert name.split(".")[0] not in ROOMS, f"{name_of(path)}:{node.lineno} imports a bare {name}"
            found.add(name.removeprefix("juste_retour.").split(".")[0])
    return found


def test_no_file_imports_a_bare_room():
    """A room imported without its prefix is a second copy, whose families are empty."""
    for path in [*FILES, *(ROOT / "tests").rglob("*.py"), *ROOT.glob("*/**/*.md"), ROOT / "README.md"]:
        if any(part.startswith(".") for part in path.relative_to(ROOT).parts):
            continue
        text = path.read_text(encoding="utf-8")
        bare = re.search(rf"(?m)^\W*(from|import) ({'|'.join(ROOMS)})(\.\w+)*( import|$)", text)
        assert not bare, f"{name_of(path)}: {bare[0]!r}"


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_older_tools_can_parse_the_source(path):
    ast.parse(path.read_text(encoding="utf-8"), filename=str(path), feature_version=(3, 11))


def test_there_are_files_to_look_at():
    assert len(FILES) > 40
    assert {name_of(path).split("/")[0] for path in FILES} == set(ROOMS)


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_file_imports_only_from_the_left(path):
    room = name_of(path).split("/")[0]
    forbidden = set(ROOMS[ROOMS.index(room) + 1 :]) | {"tests"}
    assert not imported(path) & forbidden


@pytest.mark.parametrize("application", ["runs/europe", "runs/workshop"])
def test_nothing_of_the_library_imports_an_application_of_it(application):
    """The European study and rule authoring use the library; their commands are found by entry points."""
    module = f"juste_retour.{application.replace('/', '.')}"
    inside = [path for path in FILES if name_of(path).startswith(f"{application}/")]
    assert inside
    for path in FILES:
        if path not in inside:
            found = {name for name in modules_of(path) if f"{name}.".startswith(f"{module}.")}
            assert not found, f"{name_of(path)} imports {found}"


def module_of(path):
    return ".".join(["juste_retour", *path.relative_to(ROOT).with_suffix("").parts]).removesuffix(".__init__")


MODULES = {module_of(path) for path in FILES}


def modules_of(path):
    """The modules of the house that a file imports, at any depth, but for type checkers."""
    found, left = set(), [tree_of(path)]
    while left:
        node = left.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            left += node.orelse
            continue
        left += ast.iter_child_nodes(node)
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= inner & MODULES or {node.module}
    return found & MODULES


def test_modules_do_not_import_in_a_circle():
    """Also where an import stands in a function: it hides a circle, it does not undo it."""
    imports = {module_of(path): modules_of(path) for path in FILES}
    assert sum(map(len, imports.values())) > len(FILES)
    while free := [module for module, needed in imports.items() if not needed & imports.keys()]:
        for module in free:
            del imports[module]
    assert not imports


def test_no_room_is_named_in_a_string_to_the_left():
    """A lazy import by name would hide an arrow backwards; commands are found by entry points instead."""
    for path in FILES:
        room = name_of(path).split("/")[0]
        right = ROOMS[ROOMS.index(room) + 1 :]
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                module = node.value.partition(":")[0]
                lazy = any(
                    module.startswith((f"{r}.", f"juste_retour.{r}."))
                    and all(part.isidentifier() for part in module.split("."))
                    for r in right
                )
                assert not lazy, f"{name_of(path)}:{node.lineno} names {node.value!r}"


def test_mesa_is_imported_in_four_files_only():
    found = {name_of(path) for path in FILES if "mesa" in imported(path) and "benchmarks" not in path.parts}
    assert found <= MESA
    assert {"agents/mesa_agents.py", "abm/model.py"} <= found


def test_only_the_model_and_its_cast_use_the_mesa_agents():
    """Whoever imports either pays for Mesa's import, so nobody does so as he is imported."""
    for path in FILES:
        if name_of(path) in {*MESA, "abm/cast.py", "agents/mesa_facility.py"} or "benchmarks" in path.parts:
            continue
        top = [node for node in tree_of(path).body if isinstance(node, ast.Import | ast.ImportFrom)]
        names = {alias.name for node in top if isinstance(node, ast.Import) for alias in node.names}
        names |= {node.module for node in top if isinstance(node, ast.ImportFrom)}
        assert not names & {
            "juste_retour.agents.mesa_agents",
            "juste_retour.abm.cast",
            "juste_retour.abm.model",
            "juste_retour.abm.world_model",
        }, name_of(path)


@pytest.mark.parametrize("path", [p for p in FILES if name_of(p).startswith(("agents", "abm"))], ids=name_of)
def test_the_model_adds_by_no_function_of_numpys(path):
    """NumPy adds in an order that may depend on the number of worlds; `juste_retour.agents.arrays` keeps it."""
    if name_of(path) in {"agents/arrays.py", *ONCE}:
        return
    allowed = WHOLE.get(name_of(path), set())
    functions = ADDING | {
        "matmul",
        "einsum",
        "inner",
        "vdot",
        "tensordot",
        "average",
        "trapezoid",
        "convolve",
    }
    functions |= {"nansum", "nanmean", "add", "linalg"}
    for node in ast.walk(tree_of(path)):
        where = f"{name_of(path)}:{getattr(node, 'lineno', 0)}"
        if isinstance(node, ast.BinOp | ast.AugAssign):
            assert not isinstance(node.op, ast.MatMult), f"{where}: @ adds in an order of its own"
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "np":
            called = f"np.{node.attr}"
            assert node.attr not in functions or called in allowed, (
                f"{where}: {called}; use juste_retour.agents.arrays.total"
            )


def every_rule_somewhere():
    """Scenarios that between them use every rule: the k-th takes the k-th rule of each family, round and round."""
    most = max(len(family.rules) for family in FAMILIES.values())
    for k in range(most):
        chosen = {f.name: list(f.rules)[k % len(f.rules)] for f in FAMILIES.values()}
        if chosen["expect"] == "stationary":
            chosen["expect"] = "status_quo"
        if chosen["funding"] == "private":
            chosen["agenda"] = "single_decider"
        for agenda in {chosen["agenda"], "open_call" if k % 2 else "commission_proposal"}:
            try:
                yield load("eu-status-quo").changed(
                    chosen | {"agenda": agenda, "end": "2027Q2", "window_years": 2.75}
                )
            except BadInput:  # a pair that is refused
                continue


class Watch:
    """Notes the methods of arrays of real numbers that add, called from the model's own files."""

    def __init__(self):
        self.calls = 0
        self.found = set()

    def __call__(self, frame, event, called):
        if event != "c_call":
            return
        on = getattr(called, "__self__", None)
        if not isinstance(on, np.ndarray) or called.__name__ not in ADDING:
            return
        file = os.path.relpath(frame.f_code.co_filename, ROOT)
        if file.startswith(("agents", "abm")):
            self.calls += 1
            if on.dtype.kind == "f":
                self.found.add(
                    f"{file}:{frame.f_lineno}: {called.__name__} of real numbers; use juste_retour.agents.arrays.total"
                )


def test_the_watch_sees_an_addition_of_real_numbers():
    watch = Watch()
    code = compile("x.sum()\ny.sum()", str(ROOT / "abm" / "elsewhere.py"), "exec")
    sys.setprofile(watch)
    try:
        exec(code, {"x": np.ones(3), "y": np.ones(3, dtype=bool)})
    finally:
        sys.setprofile(None)
    assert watch.calls == 2
    assert watch.found == {"abm/elsewhere.py:1: sum of real numbers; use juste_retour.agents.arrays.total"}


def test_the_model_adds_real_numbers_in_one_place():
    """Run under every rule, no array of real numbers is added but by `juste_retour.agents.arrays`."""
    watch = Watch()
    sys.setprofile(watch)
    try:
        for scenario in every_rule_somewhere():
            run(scenario, 1, range(2), price=False)
    finally:
        sys.setprofile(None)
    assert watch.calls > 1000
    assert not watch.found, "\n".join(sorted(watch.found))
    assert total(np.ones(3)) == 3


def test_the_project_reads_nothing_outside_itself():
    outside = ".." + "/shared"
    for path in [*ROOT.glob("*.*"), *(p for room in (*ROOMS, "tests") for p in (ROOT / room).rglob("*"))]:
        if (
            path.suffix in {".py", ".md", ".toml", ".csv", ".json", ".vue", ".cff", ".html"}
            and path.is_file()
        ):
            text = path.read_text(encoding="utf-8")
            assert outside not in text, name_of(path)
            assert "/work" + "/" not in text, name_of(path)
