"""Architecture: which package may import which, where Mesa may be imported, and where floats may be added."""

import ast
import os
import re
import sys
from collections import Counter
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from juste_retour.abm.outcomes import run
from juste_retour.abm.worlds.scenario import load
from juste_retour.agents.arrays import total
from juste_retour.agents.errors import BadInput
from juste_retour.agents.rules import FAMILIES

ROOT = Path(__file__).parents[1]
PACKAGES = ("agents", "abm", "runs", "visualization")  # each may import itself and those before it
FILES = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
MESA = {"agents/mesa_agents.py", "abm/model.py", "abm/world_model.py", "visualization/mesa_page.py"}
ADDING = {"sum", "mean", "std", "var", "prod", "dot", "cumsum", "cumprod", "trace"}
ONCE = {  # solve a fixed point once per scenario, with the same result for all its worlds
    "abm/bargaining/mixing.py",
    "abm/bargaining/stationary_values.py",
    "abm/bargaining/continuation.py",
    "abm/bargaining/mean_world.py",
    "abm/bargaining/sampled.py",
}
WHOLE = {  # NumPy's additions of integers and booleans only, whose order does not matter
    "abm/politics/power/coalition_table.py": {"np.add"},
    "abm/politics/conditions.py": {"np.cumsum"},
    "abm/politics/relocation.py": {"np.cumsum"},
    "abm/politics/positions.py": {"np.prod"},
}


def name_of(path):
    return path.relative_to(ROOT).as_posix()


def tree_of(path):
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imported(path):
    """The packages of the project and other top packages that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(tree_of(path)):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)}:{node.lineno} imports relatively, so the arrow cannot be seen"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module") and node.args:
            names = [str(node.args[0].value)] if isinstance(node.args[0], ast.Constant) else []
        for name in names:
            assert name.split(".")[0] not in PACKAGES, f"{name_of(path)}:{node.lineno} imports a bare {name}"
            found.add(name.removeprefix("juste_retour.").split(".")[0])
    return found


def test_imports_use_the_full_package_name():
    """A package imported without its prefix is a second copy with empty rule families."""
    for path in [*FILES, *(ROOT / "tests").rglob("*.py"), *ROOT.glob("*/**/*.md"), ROOT / "README.md"]:
        if any(part.startswith(".") for part in path.relative_to(ROOT).parts):
            continue
        text = path.read_text(encoding="utf-8")
        bare = re.search(rf"(?m)^\W*(from|import) ({'|'.join(PACKAGES)})(\.\w+)*( import|$)", text)
        assert not bare, f"{name_of(path)}: {bare[0]!r}"


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_is_refused_without_its_prefix(package):
    with pytest.raises(ImportError, match=f"juste_retour.{package}"):
        import_module(package)


def test_a_second_load_of_a_shipped_family_is_refused():
    voting = FAMILIES["voting"]
    source = ROOT / "abm" / "politics" / "voting.py"
    code = compile(source.read_text(encoding="utf-8"), voting.place.rpartition(":")[0], "exec")
    with pytest.raises(BadInput, match=r"juste_retour\.abm\.politics\.voting"):
        exec(code, {"__name__": "abm.politics.voting"})
    assert FAMILIES["voting"] is voting


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_source_parses_as_python_3_11(path):
    ast.parse(path.read_text(encoding="utf-8"), filename=str(path), feature_version=(3, 11))


def test_checked_files_cover_all_packages():
    assert len(FILES) > 40
    assert {name_of(path).split("/")[0] for path in FILES} == set(PACKAGES)


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_imports_follow_the_order_of_packages(path):
    package = name_of(path).split("/")[0]
    forbidden = set(PACKAGES[PACKAGES.index(package) + 1 :]) | {"tests"}
    assert not imported(path) & forbidden


ROOMS = {  # the order of the rooms of a package: each may import itself and those before it; "" are the files at its root
    "abm": (
        "base",
        "delivery",
        "politics",
        "worlds",
        "planner",
        "bargaining",
        "schedule",
        "explanations",
        "",
    ),
    "runs": (
        "base",
        "results",
        "engine",
        "analysis",
        "reports",
        "cli",
        "workshop",
        "benchmarks",
        "studies/positions",
        "studies/europe",
        "",
    ),
}
UPWARD = {("abm/schedule/simulation.py", "juste_retour.abm.world_model")}  # Mesa's model, imported on use


def room_of(path, package):
    inside = path.relative_to(ROOT / package).parent.as_posix()
    return max((room for room in ROOMS[package] if f"{inside}/".startswith(f"{room}/")), key=len, default="")


@pytest.mark.parametrize("package", ROOMS)
def test_rooms_import_only_those_before_them(package):
    """Imports inside functions count too. The folders of the package are its rooms, or hold data."""
    paths = {module_of(path): path for path in FILES if name_of(path).startswith(f"{package}/")}
    order = ROOMS[package].index
    for path in paths.values():
        for module in modules_of(path) & paths.keys() - {f"juste_retour.{package}"}:
            if (name_of(path), module) not in UPWARD:
                ours, theirs = room_of(path, package), room_of(paths[module], package)
                assert order(theirs) <= order(ours), f"{name_of(path)} imports {module}"
    assert len(list((ROOT / package).glob("*.py"))) <= 10


@pytest.mark.parametrize("application", ["runs/studies/europe", "runs/workshop"])
def test_library_does_not_import_its_applications(application):
    """The European study and rule authoring use the library. The library finds their commands by entry points."""
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
    """The project's modules that a file imports at any depth, without imports for type checkers only."""
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


def test_no_import_cycles():
    """Imports inside functions count too: they hide a cycle and do not remove it."""
    imports = {module_of(path): modules_of(path) for path in FILES}
    assert sum(map(len, imports.values())) > len(FILES)
    while free := [module for module, needed in imports.items() if not needed & imports.keys()]:
        for module in free:
            del imports[module]
    assert not imports


def test_no_lazy_import_of_a_later_package():
    """A lazy import by name would hide a forbidden import. Commands are found by entry points instead."""
    for path in FILES:
        package = name_of(path).split("/")[0]
        later = PACKAGES[PACKAGES.index(package) + 1 :]
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                module = node.value.partition(":")[0]
                lazy = any(
                    module.startswith((f"{name}.", f"juste_retour.{name}."))
                    and all(part.isidentifier() for part in module.split("."))
                    for name in later
                )
                assert not lazy, f"{name_of(path)}:{node.lineno} names {node.value!r}"


def test_mesa_is_imported_in_four_files_only():
    found = {name_of(path) for path in FILES if "mesa" in imported(path) and "benchmarks" not in path.parts}
    assert found <= MESA
    assert {"agents/mesa_agents.py", "abm/model.py"} <= found


def test_mesa_agents_are_imported_only_by_model_and_cast():
    """Both modules import Mesa, which is slow, so no other module may import them at its top level."""
    for path in FILES:
        if name_of(path) in {*MESA, "abm/schedule/cast.py", "agents/mesa_facility.py"} or "benchmarks" in path.parts:
            continue
        top = [node for node in tree_of(path).body if isinstance(node, ast.Import | ast.ImportFrom)]
        names = {alias.name for node in top if isinstance(node, ast.Import) for alias in node.names}
        names |= {node.module for node in top if isinstance(node, ast.ImportFrom)}
        assert not names & {
            "juste_retour.agents.mesa_agents",
            "juste_retour.abm.schedule.cast",
            "juste_retour.abm.model",
            "juste_retour.abm.world_model",
        }, name_of(path)


@pytest.mark.parametrize("path", [p for p in FILES if name_of(p).startswith(("agents", "abm"))], ids=name_of)
def test_model_files_do_not_add_with_numpy(path):
    """NumPy's order of addition may depend on the number of worlds. `juste_retour.agents.arrays` fixes the order."""
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
            assert not isinstance(node.op, ast.MatMult), f"{where}: @ adds in NumPy's own order"
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "np":
            called = f"np.{node.attr}"
            assert node.attr not in functions or called in allowed, (
                f"{where}: {called}; use juste_retour.agents.arrays.total"
            )


def scenarios_with_every_rule():
    """Scenarios that together use every rule: scenario k takes rule k of each family, modulo the family's size."""
    most = max(len(family.rules) for family in FAMILIES.values())
    for k in range(most):
        chosen = {f.name: list(f.rules)[k % len(f.rules)] for f in FAMILIES.values()}
        if chosen["expect"] == "stationary":
            chosen["expect"] = "status_quo"
        if chosen["funding"] == "private":
            chosen["agenda"] = "single_decider"
        for agenda in {chosen["agenda"], "open_call" if k % 2 else "commission_proposal"}:
            try:
                yield load("eu-status-quo").changed(chosen | {"agenda": agenda, "end": "2027Q2", "window_years": 2.75})
            except BadInput:  # two rules that exclude each other
                continue


class FloatAdditions:
    """A profiler that records methods which add arrays of floats, called from files of agents/ and abm/."""

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
                    f"{file}:{frame.f_lineno}: {called.__name__} of floats; use juste_retour.agents.arrays.total"
                )


def test_profiler_finds_an_addition_of_floats():
    profiler = FloatAdditions()
    code = compile("x.sum()\ny.sum()", str(ROOT / "abm" / "elsewhere.py"), "exec")
    sys.setprofile(profiler)
    try:
        exec(code, {"x": np.ones(3), "y": np.ones(3, dtype=bool)})
    finally:
        sys.setprofile(None)
    assert profiler.calls == 2
    assert profiler.found == {"abm/elsewhere.py:1: sum of floats; use juste_retour.agents.arrays.total"}


def test_floats_are_added_in_one_module():
    """Run under every rule, only `juste_retour.agents.arrays` adds arrays of floats."""
    profiler = FloatAdditions()
    sys.setprofile(profiler)
    try:
        for scenario in scenarios_with_every_rule():
            run(scenario, 1, range(2), price=False)
    finally:
        sys.setprofile(None)
    assert profiler.calls > 1000
    assert not profiler.found, "\n".join(sorted(profiler.found))
    assert total(np.ones(3)) == 3


def test_project_reads_nothing_outside_its_repository():
    outside = ".." + "/shared"
    for path in [*ROOT.glob("*.*"), *(p for top in (*PACKAGES, "tests") for p in (ROOT / top).rglob("*"))]:
        if path.suffix in {".py", ".md", ".toml", ".csv", ".json", ".vue", ".cff", ".html"} and path.is_file():
            text = path.read_text(encoding="utf-8")
            assert outside not in text, name_of(path)
            assert "/work" + "/" not in text, name_of(path)


def test_no_class_and_no_module_has_a_name_that_another_has():
    classes = Counter(n.name for path in FILES for n in ast.walk(tree_of(path)) if isinstance(n, ast.ClassDef))
    modules = Counter(path.name for path in FILES)
    assert [name for name, times in classes.items() if times > 1] == []
    assert [name for name, times in modules.items() if times > 1] == ["__init__.py", "verdict.py"]


def test_imports_inside_functions_are_few():
    """They are for libraries that are slow to load or may be missing, and for commands that need little to answer."""
    inside = {
        (path, node.lineno)
        for path in FILES
        for function in ast.walk(tree_of(path))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert 0 < len(inside) <= 150


def test_no_function_is_longer_than_sixty_lines():
    long = [
        f"{path}: {node.name}"
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (node.end_lineno or 0) - node.lineno > 60
    ]
    assert long == []
