"""The import ladder: which app may import which, deferred imports included."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MAY_IMPORT = {
    "cms": set(),
    "workflows": {"cms"},
    "forms": {"cms", "workflows"},
    "imports": {"cms"},
    "pages": {"cms", "forms"},
}
COMPOSITION_ROOT = {"cms/settings.py", "cms/urls.py", "cms/wsgi.py"}
OURS = set(MAY_IMPORT)


def imported_apps(source: str) -> set[str]:
    """Our apps that a module imports, at its top or inside a function."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found & OURS


def modules(app: str):
    for path in sorted((ROOT / app).rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        if "/migrations/" not in name and name not in COMPOSITION_ROOT:
            yield name, path.read_text()


@pytest.mark.parametrize("app", sorted(OURS))
def test_an_app_imports_only_what_is_below_it(app):
    wrong = {
        name: sorted(upward)
        for name, source in modules(app)
        if (upward := imported_apps(source) - MAY_IMPORT[app] - {app})
    }

    assert wrong == {}


def test_a_deferred_import_upwards_is_caught():
    assert imported_apps("def later():\n    from pages.models import HomePage\n") == {"pages"}


@pytest.mark.parametrize("app", sorted(OURS))
def test_every_module_says_what_it_owns(app):
    silent = [
        name
        for name, source in modules(app)
        if source.strip() and not ast.get_docstring(ast.parse(source))
    ]

    assert silent == []


def test_nothing_imports_the_composition_root():
    wrong = [
        name
        for app in OURS
        for name, source in modules(app)
        if any(
            f"cms.{part}" in source for part in ("settings import", "urls import", "wsgi import")
        )
    ]

    assert wrong == []
