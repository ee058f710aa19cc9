"""The tests of a job with fewer assertions than their author wrote."""

from __future__ import annotations

import ast
from collections.abc import Callable

# Ends a line of each assertion on the request, which is what an author writes differently who believes a mistake.
_MARK = "# request"


def without_assertions(test: str) -> str:
    """The test, which only calls the code."""
    return _without(test, lambda _: True)


def without_request(test: str) -> str:
    """The test with its assertions on what comes back, and on what users see."""
    lines = test.splitlines()
    return _without(test, lambda node: any(line.endswith(_MARK) for line in lines[node.lineno - 1 : node.end_lineno]))


def _without(test: str, unwanted: Callable[[ast.stmt], bool]) -> str:
    class Remover(ast.NodeTransformer):
        def generic_visit(self, node: ast.AST) -> ast.AST:
            super().generic_visit(node)
            for name in ("body", "orelse"):
                if isinstance(block := getattr(node, name, None), list):
                    kept = [each for each in block if not (_asserts(each) and unwanted(each))]
                    setattr(node, name, kept or [ast.Pass()] * (name == "body"))
            return node

    return ast.unparse(ast.fix_missing_locations(Remover().visit(ast.parse(test))))


def _asserts(node: ast.AST) -> bool:
    """Whether a statement is an assertion: `assert`, or a call of a method `assert_...`, with or without a variable."""
    if isinstance(node, ast.Assert):
        return True
    called = node.value.func if isinstance(node, ast.Expr | ast.Assign) and isinstance(node.value, ast.Call) else None
    return isinstance(called, ast.Attribute) and called.attr.startswith("assert_")
