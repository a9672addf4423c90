"""Takes out of a package from PyPI what the firmware never calls or looks at, so that it takes
less of a small heap, and fewer of the names that stay for ever. What is left is as it was."""

import ast

# Definitions that go: {class, "" for the module itself: names}
_MICRODOT = {
    "": "AsyncBytesIO Microdot URLPattern abort invoke_handler mro print_exception redirect"
    " send_file urlencode",
    "HTTPException": "__repr__",
    "MultiDict": "getlist",
    "NoCaseDict": "__delitem__ update",
    "Request": "stream json form files after_request G",
    "Response": "types_map set_cookie delete_cookie redirect send_file already_handled"
    " default_content_type default_send_file_max_age",
}
# Attributes that are set, and nobody looks at
_ATTRIBUTES = (
    "app client_addr scheme url url_prefix subapp route cookies g http_version content_type"
    " body_used _stream _json _form _files after_request_handlers already_handled"
)
# Optional parameters that were for these, with the variables of the same names
_PARAMETERS = "stream url_prefix subapp scheme route"
# What is done under these conditions is not needed
_CONDITIONS = (
    "'Cookie' in self.headers",
    "'Content-Type' in self.headers",
    "'Content-Type' not in self.headers",
    "isinstance(body, (dict, list))",
)


def microdot(text):
    """The source of microdot as it goes to the device. KeyError if something that is to go is not
    there: a new version of the package needs a new look."""
    tree = ast.parse(text)
    missing = _cut(tree, _MICRODOT[""])
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name in _MICRODOT:
            missing |= _cut(node, _MICRODOT[node.name])
    pruner = _Pruner()
    tree = pruner.visit(tree)
    missing |= pruner.missing
    if missing:
        raise KeyError("not there any more: " + ", ".join(sorted(missing)))
    return ast.unparse(tree) + "\n"


class _Pruner(ast.NodeTransformer):
    """Removes attributes, parameters and conditions, and imports: of a `try` to import there stay
    the functions that make up for a module MicroPython lacks. `missing`: what was not there."""

    def __init__(self):
        self._attributes = set(_ATTRIBUTES.split())
        self._parameters = set(_PARAMETERS.split())
        self.missing = {*self._attributes, *self._parameters, *_CONDITIONS}

    def visit_Assign(self, node):
        target = node.targets[0]
        if isinstance(target, ast.Attribute) and target.attr in self._attributes:
            self.missing.discard(target.attr)
            return None
        variable = isinstance(target, ast.Name) and target.id in self._parameters
        return None if variable else self.generic_visit(node)

    def visit_arguments(self, node):
        first = len(node.args) - len(node.defaults)  # that has a default
        for i in reversed(range(first, len(node.args))):
            if node.args[i].arg in self._parameters:
                self.missing.discard(node.args[i].arg)
                del node.args[i], node.defaults[i - first]
        return node

    def visit_Call(self, node):
        node.keywords = [k for k in node.keywords if k.arg not in self._parameters]
        return self.generic_visit(node)

    def visit_If(self, node):
        condition = ast.unparse(node.test)
        if condition in _CONDITIONS:
            self.missing.discard(condition)
            return None
        return self.generic_visit(node)

    def visit_Try(self, node):
        if isinstance(node.body[0], (ast.Import, ast.ImportFrom, ast.Pass)):
            return [s for s in node.handlers[0].body if isinstance(s, ast.FunctionDef)] or None
        return self.generic_visit(node)


def _cut(parent, names):
    """Remove definitions of names from a body; -> those that were not there."""
    names = set(names.split())
    found = set()
    parent.body = _kept(parent.body, names, found)
    return names - found


def _kept(body, names, found):
    """The statements that stay; also inside of `try`, where a package looks for what there is."""
    kept = []
    for node in body:
        if isinstance(node, ast.Try):
            for part in (node, *node.handlers):
                part.body = _kept(part.body, names, found) or [ast.Pass()]
        its = _names(node)
        if its and its <= names:
            found |= its
        else:
            kept.append(node)
    return kept


def _names(node):
    """Names that a statement binds."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {node.name}
    if isinstance(node, ast.Assign):
        return {target.id for target in node.targets if isinstance(target, ast.Name)}
    return set()
