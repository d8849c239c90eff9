"""The shape of the project: import layers, sizes, declared dependencies, docstrings, README and run.py."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import runpy
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from samples import sample_path

ROOT = Path(__file__).parents[1]
SRC = ROOT / "src" / "edgeofcare"

LAYERS = {
    0: {
        "exceptions",
        "schema",
        "metrics",
        "ages",
        "progress",
        "version",
        "figures",
        "dates",
        "made_once",
        "spreadsheets",
    },
    1: {"task", "criteria", "records", "sample"},
    2: {"care", "cohort", "outcome", "features", "splitting", "synthetic"},
    3: {"models", "scale"},
    4: {"evaluation", "explanation", "tracking", "plotting"},
    5: {
        "golden_rows",
        "model_file",
        "model_archive",
        "model_entries",
        "model_facts",
        "model_manifest",
        "model_reading",
        "model_save_checks",
        "model_statements",
        "inspection_text",
        "model_inspection",
        "signing",
        "whole_write",
        "runs",
        "saved_model",
        "scorer",
        "scoring",
        "reporting",
    },
    6: {"cli", "main_checks", "main_found", "main_job", "main_reasons", "reproduction", "service", "__main__"},
}
LAYER_OF = {name: number for number, names in LAYERS.items() for name in names}
NUMPY_ONLY = {
    "edgeofcare.features.rows",
    "edgeofcare.features.engine",
    "edgeofcare.features.spells",
    "edgeofcare.features.names",
    "edgeofcare.features.plain",
    "edgeofcare.features.single.records",
    "edgeofcare.features.single.row",
    "edgeofcare.explanation.kernel",
    "edgeofcare.explanation.one_row",
    "edgeofcare.explanation.cells",
    "edgeofcare.explanation.concepts",
    "edgeofcare.explanation.single",
    "edgeofcare.scorer",
    "edgeofcare.scoring.child",
    "edgeofcare.scoring.contract",
    "edgeofcare.scoring.eligibility",
    "edgeofcare.scoring.request",
    "edgeofcare.scoring.strict_json",
    "edgeofcare.models.arrays",
}


def module_name(path: Path) -> str:
    """Dotted name of a source file; a package's ``__init__`` has the package's name."""
    parts = path.relative_to(SRC.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in sorted(SRC.rglob("*.py"))}


@cache
def tree(module: str) -> ast.Module:
    """Syntax tree of one module of the package."""
    return ast.parse(MODULES[module].read_text(encoding="utf-8"))


def is_typing_only(node: ast.AST) -> bool:
    """Whether a statement is an ``if TYPE_CHECKING:`` block, which never runs."""
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def imports(node: ast.AST, *, when_loaded: bool = False) -> Iterator[str]:
    """Full names that a module imports: everywhere in it, or only what runs when it is loaded."""
    for child in ast.iter_child_nodes(node):
        if when_loaded and (is_typing_only(child) or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)):
            continue
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, "imports are absolute"
            yield from (f"{child.module}.{alias.name}" for alias in child.names)
        else:
            yield from imports(child, when_loaded=when_loaded)


def own_module(name: str) -> str | None:
    """Module of the package that an imported name comes from; None for a name from outside."""
    if name.split(".")[0] != "edgeofcare":
        return None
    return name if name in MODULES else name.rpartition(".")[0]


def own_imports(module: str, *, when_loaded: bool = False) -> set[str]:
    """Modules of the package that a module imports."""
    found = {own_module(name) for name in imports(tree(module), when_loaded=when_loaded)}
    return {name for name in found if name is not None}


def part(module: str) -> str:
    """First part below the package: the unit that has a layer."""
    return module.split(".")[1]


def below_root() -> list[str]:
    """All modules but the package's own ``__init__``."""
    return [name for name in MODULES if name != "edgeofcare"]


def test_every_part_has_a_layer() -> None:
    assert {part(name) for name in below_root()} <= set(LAYER_OF)


def test_imports_go_down_or_stay_in_their_part() -> None:
    # Neighbours of one layer may meet only as long as the whole has no cycle (next test).
    up = [
        f"{module} imports {name}"
        for module in below_root()
        for name in own_imports(module) - {"edgeofcare"}
        if LAYER_OF[part(name)] > LAYER_OF[part(module)]
    ]
    assert up == []


def test_parts_import_each_other_without_a_cycle() -> None:
    graph: dict[str, set[str]] = {}
    for module in below_root():
        others = {part(name) for name in own_imports(module) - {"edgeofcare"}} - {part(module)}
        graph.setdefault(part(module), set()).update(others)
    assert len(list(TopologicalSorter(graph).static_order())) >= len(graph)


def test_modules_load_without_a_cycle() -> None:
    graph = {module: own_imports(module, when_loaded=True) - {module} for module in below_root()}
    assert len(list(TopologicalSorter(graph).static_order())) >= len(graph)


def test_nobody_imports_from_the_package_root() -> None:
    assert [module for module in below_root() if "edgeofcare" in own_imports(module)] == []


def test_names_are_imported_from_the_module_that_defines_them() -> None:
    packages = {name for name, path in MODULES.items() if path.name == "__init__.py"}
    through_init = [
        f"{module} imports from {name}" for module in below_root() for name in own_imports(module) & packages
    ]
    assert through_init == []


@pytest.mark.parametrize("name", ["schema", "records", "cohort", "features", "care", "outcome", "synthetic"])
def test_data_side_never_imports_scikit_learn(name: str) -> None:
    modules = [module for module in below_root() if part(module) == name]
    assert [module for module in modules if any(i.startswith("sklearn") for i in imports(tree(module)))] == []


def test_models_never_see_records() -> None:
    models = [module for module in below_root() if part(module) == "models"]
    assert [module for module in models if "records" in {part(name) for name in own_imports(module)}] == []


def loaded_with(module: str) -> set[str]:
    """All modules of the package that loading one module loads, its packages' ``__init__`` included."""
    seen: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        parents = {name.rsplit(".", count)[0] for count in range(1, name.count(".") + 1)}
        waiting += [*parents, *own_imports(name, when_loaded=True)]
    return seen


@pytest.mark.parametrize("module", sorted(NUMPY_ONLY & set(MODULES)))
def test_scoring_modules_load_numpy_alone(module: str) -> None:
    allowed = {"numpy", "edgeofcare", *sys.stdlib_module_names}
    heavy = {
        f"{name} loads {imported}"
        for name in loaded_with(module)
        for imported in imports(tree(name), when_loaded=True)
        if imported.split(".")[0] not in allowed
    }
    assert heavy == set()


@pytest.mark.parametrize("module", ["edgeofcare", "edgeofcare.features"])
def test_import_of_the_package_is_light(module: str) -> None:
    heavy = ("pandas", "sklearn", "scipy", "shap")
    code = f"import sys, {module}; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def python_files() -> list[Path]:
    """The project's own Python files, tests and benchmarks apart."""
    return [*MODULES.values(), ROOT / "run.py", *sorted((ROOT / "docs").rglob("*.py"))]


@pytest.mark.parametrize("path", python_files(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_file_is_below_400_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) < 400


def lines_of_code(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its docstring."""
    first = function.body[0]
    length = (function.end_lineno or 0) - function.lineno + 1
    if ast.get_docstring(function) is None:
        return length
    return length - ((first.end_lineno or 0) - first.lineno + 1)


def test_functions_have_at_most_60_lines() -> None:
    functions = ast.FunctionDef | ast.AsyncFunctionDef
    long = [
        f"{path.name}:{node.name}"
        for path in python_files()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, functions) and lines_of_code(node) > 60
    ]
    assert long == []


def functions_where_pytest_looks(module: ast.Module) -> Iterator[str]:
    """Names of the functions of a module and of its classes."""
    scopes = [module, *(node for node in module.body if isinstance(node, ast.ClassDef))]
    return (node.name for scope in scopes for node in scope.body if isinstance(node, ast.FunctionDef))


def test_every_test_is_collected() -> None:
    lost = [
        f"{path.name}:{name}"
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in functions_where_pytest_looks(ast.parse(path.read_text(encoding="utf-8")))
        if re.search(r"(^|_)tests?(_|$)", name) and not name.startswith("test_")
    ]
    assert lost == []


def test_every_test_file_has_a_name_that_pytest_collects() -> None:
    helpers = {"conftest.py", "samples.py"}
    files = [path for path in (ROOT / "tests").rglob("*.py") if path.name not in helpers]
    lost = [
        path.name
        for path in files
        if not path.name.startswith("test_") and "def test_" in path.read_text(encoding="utf-8")
    ]
    assert lost == []


# ------------------------------------------------------------------------------------------ dependencies


@cache
def project() -> dict[str, object]:
    """The [project] table of pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def distribution(requirement: str) -> str:
    """Name of a distribution without version and extras, as Python imports it."""
    name = re.split(r"[\[<>=~!; ]", requirement)[0].lower().replace("-", "_")
    return {"scikit_learn": "sklearn", "pyyaml": "yaml", "python_dateutil": "dateutil"}.get(name, name)


def outside_imports(module: str, *, when_loaded: bool) -> set[str]:
    """First names of what a module imports from outside the standard library and the package."""
    names = {name.split(".")[0] for name in imports(tree(module), when_loaded=when_loaded)}
    return names - set(sys.stdlib_module_names) - {"edgeofcare"}


def test_what_is_loaded_is_a_dependency() -> None:
    declared = {distribution(line) for line in project()["dependencies"]}
    extras = {distribution(line) for lines in project()["optional-dependencies"].values() for line in lines}
    for module in MODULES:
        optional = extras if part(f"{module}.x") == "service" else set()
        assert outside_imports(module, when_loaded=True) <= declared | optional, module
        assert outside_imports(module, when_loaded=False) <= declared | extras, module


def test_every_dependency_is_pinned() -> None:
    pins = {distribution(line) for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()}
    wanted = [*project()["dependencies"], "hatchling", "editables"]
    wanted += [line for lines in project()["optional-dependencies"].values() for line in lines]
    assert {distribution(line) for line in wanted} - {"edgeofcare"} <= pins


def test_constraints_hold_no_address() -> None:
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    assert "://" not in text
    assert "@" not in text
    assert "--" not in text


# -------------------------------------------------------------------------------------------- docstrings


def public_callables() -> list[tuple[str, object]]:
    """Public functions and classes of the package, by name."""
    package = importlib.import_module("edgeofcare")
    names = [(name, getattr(package, name)) for name in getattr(package, "__all__", [])]
    return [(name, thing) for name, thing in names if callable(thing)]


def documented_parameters(docstring: str) -> list[str]:
    """Names in the Parameters section of a numpydoc docstring, in order."""
    section = re.search(r"^Parameters\n-+\n(.*?)(?=^\S[^\n]*\n-{3,}$|\Z)", docstring, re.M | re.S)
    if section is None:
        return []
    heads = [line.split(" :")[0] for line in section[1].splitlines() if line and not line[0].isspace()]
    return [name.strip().lstrip("*") for head in heads for name in head.split(",")]


def test_documented_parameters_reads_numpydoc() -> None:
    text = (
        "Do.\n\nParameters\n----------\na, b : int\n    Two.\n\n    More.\n*rest\n    All.\n\nReturns\n-------\nint\n"
    )
    assert documented_parameters(text) == ["a", "b", "rest"]
    assert documented_parameters("Do.\n\nReturns\n-------\nint\n    It.\n") == []


@pytest.mark.parametrize(
    ("name", "thing"), public_callables(), ids=lambda value: value if isinstance(value, str) else ""
)
def test_docstring_names_the_parameters(name: str, thing: object) -> None:
    docstring = inspect.getdoc(thing) or ""
    assert docstring, f"{name} has no docstring"
    if isinstance(thing, type) and issubclass(thing, Exception):
        return
    # A class that only the library makes has a signature, but its attributes are what a reader needs.
    documented = documented_parameters(docstring)
    if isinstance(thing, type) and not documented:
        return
    assert documented == list(inspect.signature(thing).parameters), name


# -------------------------------------------------------------------------------------- README and run.py


def quick_start() -> list[str]:
    """Contents of the fenced blocks under the README's heading "Quick start"."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    section = re.search(r"^## Quick start\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    assert section, "README.md has no heading 'Quick start'"
    return re.findall(r"^```[a-z]*\n(.*?)^```", section[1], re.M | re.S)


def test_readme_has_two_commands_of_one_line() -> None:
    assert quick_start()[:2] == ["python run.py demo\n", "python run.py test\n"]


def run_script(*arguments: str, version: str = "") -> subprocess.CompletedProcess[str]:
    """Run run.py, as Python of another version if one is given."""
    script = ROOT / "run.py"
    code = f"import runpy, sys; sys.version_info = {version or 'sys.version_info'}; "
    code += f"sys.argv = {['run.py', *arguments]!r}; runpy.run_path({str(script)!r}, run_name='__main__')"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("arguments", [[], ["tests"], ["--fast"]])
def test_run_without_a_known_job_is_bad_usage(arguments: list[str]) -> None:
    done = run_script(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "python run.py demo" in done.stderr


def test_run_help() -> None:
    done = run_script("--help")
    assert done.returncode == 0
    assert "python run.py test" in done.stdout


def test_run_on_an_old_python_says_so() -> None:
    done = run_script("test", version="(3, 8, 18)")
    assert done.returncode == 2
    assert "Python 3.11 or later" in done.stderr
    assert "3.8.18" in done.stderr


def test_run_can_be_read_by_an_old_python() -> None:
    ast.parse((ROOT / "run.py").read_text(encoding="utf-8"), feature_version=(3, 6))


def test_run_needs_the_standard_library_alone() -> None:
    names = imports(ast.parse((ROOT / "run.py").read_text(encoding="utf-8")))
    assert {name.split(".")[0] for name in names} <= set(sys.stdlib_module_names)


def load_run() -> dict[str, object]:
    """Names defined by run.py."""
    return runpy.run_path(str(ROOT / "run.py"))


def test_run_knows_the_python_of_an_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    run = load_run()
    monkeypatch.setattr(run["os"], "name", "nt")
    assert run["environment_python"](ROOT) == ROOT / "Scripts" / "python.exe"
    monkeypatch.setattr(run["os"], "name", "posix")
    assert run["environment_python"](ROOT) == ROOT / "bin" / "python"


def test_run_installs_again_when_something_changed(tmp_path: Path) -> None:
    run = load_run()
    names = run["fingerprint"].__globals__
    for name in ("constraints.txt", "pyproject.toml"):
        (tmp_path / name).write_text("a")
    names["ROOT"] = tmp_path
    first = run["fingerprint"]()
    assert run["fingerprint"]() == first
    (tmp_path / "constraints.txt").write_text("b")
    assert run["fingerprint"]() != first


# ------------------------------------------------------------------------------------------ the references


def test_sample_path_fails_instead_of_skipping_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EDGEOFCARE_SAMPLES", raising=False)
    monkeypatch.setenv("EDGEOFCARE_REQUIRE_SAMPLES", "1")
    with pytest.raises(pytest.fail.Exception, match="EDGEOFCARE_SAMPLES is not set"):
        sample_path("samples")
    monkeypatch.delenv("EDGEOFCARE_REQUIRE_SAMPLES")
    with pytest.raises(pytest.skip.Exception, match="EDGEOFCARE_SAMPLES is not set"):
        sample_path("samples")


def test_sample_path_finds_what_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "samples").mkdir()
    monkeypatch.setenv("EDGEOFCARE_SAMPLES", str(tmp_path))
    monkeypatch.delenv("EDGEOFCARE_REQUIRE_SAMPLES", raising=False)
    assert sample_path("samples") == tmp_path / "samples"
    with pytest.raises(pytest.skip.Exception, match="nothing is not in EDGEOFCARE_SAMPLES"):
        sample_path("nothing")
