"""Takes out of a package from PyPI what the firmware never calls, so that it takes less of a small
heap. What is left is as it was."""

import ast

# What goes: {class, "" for the module itself: names}
MICRODOT = {
    "": "AsyncBytesIO Microdot URLPattern abort invoke_handler mro print_exception redirect"
    " send_file urlencode",
    "MultiDict": "getlist",
    "Request": "stream json form files after_request",
    "Response": "types_map set_cookie delete_cookie redirect send_file already_handled",
}


def trimmed(text, unused):
    """The source `text` without the names of `unused`. KeyError if one is not there: a new
    version of the package needs a new look."""
    tree = ast.parse(text)
    missing = _cut(tree, unused[""])
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name in unused:
            missing |= _cut(node, unused[node.name])
    if missing:
        raise KeyError("not there any more: " + " ".join(sorted(missing)))
    return ast.unparse(tree) + "\n"


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
