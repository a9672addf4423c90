"""Short names for what nobody outside of a function or module can name. On a chip each name is
kept in memory for ever, once for all modules: the same few, used again, take less of a small heap.

Renamed are functions and variables of a module that begin with `_`, and the parameters of
functions that no call names. Names that the documentation tells a host application stay.
"""

import ast
import re


class Known:
    """What the modules of a device say about names. `spoken`: those that a call gives to a
    parameter; `foreign`: those that come from other modules, or are told in a text; `mark`: of
    all that."""

    def __init__(self, spoken=(), foreign=(), mark=None):
        self.spoken = set(spoken)
        self.foreign = set(foreign)
        self.mark = mark

    def read(self, text):
        """Look through a source."""
        for node in ast.walk(ast.parse(text)):
            self._look(node)

    def read_page(self, text):
        """Look through what the documentation (Markdown) has in code spans."""
        for span in re.findall("`[^`]+`", text):
            self.spoken.update(re.findall(r"[A-Za-z_]\w*", span))

    def _look(self, node):
        if isinstance(node, ast.keyword) and node.arg:
            self.spoken.add(node.arg)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if node.value.isidentifier():
                self.foreign.add(node.value)
        elif isinstance(node, ast.ImportFrom):
            self.foreign.update(alias.name for alias in node.names)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.value.id != "self":  # it may be a module
                self.foreign.add(node.attr)

    def compact(self, text):
        """-> the source `text` with short names, {short: what it was} of its functions and
        variables. A text with f-strings stays: Python tells no reliable place of names in them."""
        tree = ast.parse(text)
        if any(isinstance(node, ast.JoinedStr) for node in ast.walk(tree)):
            return text, {}
        before = _spelled(tree)
        short = _of_module(tree, self)
        tree = _Rename(short).visit(tree)
        _Parameters(self).visit(tree)
        lines = text.encode().splitlines(keepends=True)
        # From the end, so that what is before stays where it is. The text is not made anew from
        # the tree: parentheses more, around a pair to be exchanged, would make the code allocate.
        for (line, column, old), new in sorted(zip(before, _spelled(tree)), reverse=True):
            if new[2] != old:
                lines[line - 1] = _edited(lines[line - 1], column, old.encode(), new[2].encode())
        return b"".join(lines).decode(), {new: old for old, new in short.items()}


def _spelled(tree):
    """[(line, column, name)] of all places that may be renamed; the same ones in the same order
    each time. The column is where the name is, or the statement that has it."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            names = [node.id]
        elif isinstance(node, ast.arg):
            names = [node.arg]
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names = [node.name]
        elif isinstance(node, ast.ExceptHandler):
            names = [node.name] if node.name else []
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            names = node.names
        else:
            names = []
        found += [(node.lineno, node.col_offset, name) for name in names]
    return found


def _edited(line, column, old, new):
    """A line with another name for the first `old` at or after the column."""
    head, tail = line[:column], line[column:]
    edited, count = re.subn(rb"\b%s\b" % old, new, tail, count=1)
    assert count, (line, old)
    return head + edited


def _names(tree):
    """All names that a piece of code uses or makes, and those it hides."""
    found = {name for _, _, name in _spelled(tree)}
    for node in ast.walk(tree):
        if isinstance(node, ast.alias):
            found.add((node.asname or node.name).split(".")[0])
    return found


def _fresh(used, form):
    """Short names that are not in `used`."""
    for i in range(26 * 27):
        high, low = divmod(i, 26)
        name = form % ((chr(96 + high) if high else "") + chr(97 + low))
        if name not in used and name not in ("as", "if", "in", "is", "or"):
            yield name


def _of_module(tree, known):
    """{name: short one} of what is private to a module."""
    made = []
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            made.append(node.name)
        elif isinstance(node, ast.Assign) and not _folded(node):
            made += [t.id for t in node.targets if isinstance(t, ast.Name)]
    inside = set()  # of classes: attributes
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            for part in node.body:
                inside |= _made(part)
    fresh = _fresh(_names(tree), "_%s")
    private = (n for n in dict.fromkeys(made) if re.match("_[^_]", n) and len(n) > 2)
    return {n: next(fresh) for n in private if n not in inside and n not in known.foreign}


def _made(statement):
    """Names that a statement of a class makes."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {statement.name}
    return {n.id for n in ast.walk(statement) if isinstance(n, ast.Name)}


def _folded(node):
    """Whether the compiler puts the value in the name's place."""
    call = node.value
    return isinstance(call, ast.Call) and getattr(call.func, "id", "") == "const"


class _Rename(ast.NodeTransformer):
    """Names by a table, wherever they are not attributes."""

    def __init__(self, short):
        self._short = short

    def visit_Name(self, node):
        node.id = self._short.get(node.id, node.id)
        return node

    def visit_arg(self, node):
        node.arg = self._short.get(node.arg, node.arg)
        return node

    def visit_Global(self, node):
        node.names = [self._short.get(name, name) for name in node.names]
        return node

    visit_Nonlocal = visit_Global

    def visit_ExceptHandler(self, node):
        node.name = self._short.get(node.name, node.name)
        return self.generic_visit(node)

    def visit_FunctionDef(self, node):
        node.name = self._short.get(node.name, node.name)
        return self.generic_visit(node)

    visit_AsyncFunctionDef = visit_ClassDef = visit_FunctionDef


class _Parameters(ast.NodeVisitor):
    """Parameters that are given by position only."""

    def __init__(self, known):
        self._known = known

    def visit_FunctionDef(self, node):
        self.generic_visit(node)  # the inner ones first: they see the outer ones' names
        arguments = node.args
        fresh = _fresh(_names(node), "%s")
        short = {}
        for arg in arguments.posonlyargs + arguments.args:
            name = arg.arg
            if name not in self._known.spoken and name not in self._known.foreign:
                if len(name) > 1 and not _is_hidden(node, name):
                    short[name] = next(fresh)
        if short:
            defaults = arguments.defaults, arguments.kw_defaults
            arguments.defaults, arguments.kw_defaults = [], []  # are of the scope around
            marks = getattr(node, "decorator_list", [])
            name = getattr(node, "name", None)
            node.decorator_list = []
            _Rename(short).generic_visit(node)
            arguments.defaults, arguments.kw_defaults = defaults
            node.decorator_list = marks
            if name is not None:
                node.name = name

    visit_AsyncFunctionDef = visit_Lambda = visit_FunctionDef


def _is_hidden(function, name):
    """Whether something inside of the function has the same name for something else."""
    for node in ast.walk(function):
        if node is function:
            continue
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            if node.name == name:
                return True
        if isinstance(node, ast.alias) and (node.asname or node.name) == name:
            return True
        if isinstance(node, ast.arguments) and node is not function.args:
            if name in [a.arg for a in node.posonlyargs + node.args + node.kwonlyargs]:
                return True
        if isinstance(node, (ast.Global, ast.Nonlocal)) and name in node.names:
            return True
    return False
