"""Makes docs/settings.md from the table of settings: `settings_doc.py [--check]`.

With --check nothing is written; exit 1 if the page is not up to date.
"""

import ast
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PARTS = [
    ROOT / "lib/ocpp/station" / name
    for name in (
        "settings_core.py",
        "settings_extra.py",
        "settings_prices.py",
        "settings_table.py",
    )
]
PAGE = ROOT / "docs/settings.md"

HEAD = """# Settings

Made from `lib/ocpp/station/settings_table.py` and its other parts by `tools/settings_doc.py`;
edit there.

A setting has its OCPP 1.6 key, its OCPP 2.x `Component.Variable`, or both; both are one setting,
and either is taken in the configuration file (`"settings"`) and by `/api/settings`, in upper or
lower case. Its value is the default below, else that of the configuration file, else what the CSMS
or `/api/settings` last changed it to, which is the only one kept on flash.

"CSMS": rw may read and change it, r only read it, w only change it (never readable).
"""
COLUMNS = "| OCPP 1.6 | OCPP 2.x | what | values | default | CSMS |\n" + "| --- " * 6 + "|\n"


def definitions(source):
    """Yields (section or None, comment, fields) for each line of the table."""
    lines = source.splitlines()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Assign) and node.targets[0].id == "TABLE":
            section = None
            for element in node.value.elts:
                at = element.lineno - 2
                while not lines[at].strip().startswith("#"):
                    at -= 1
                if lines[at - 1].strip().startswith("# --"):
                    section = lines[at - 1].strip(" #-")
                yield section, lines[at].strip(" #"), element.value.split("|")


def values(fields):
    """What a setting accepts, in words."""
    kind, unit, limits = fields[2], fields[3], fields[5]
    if kind == "bool":
        text = "true, false"
    elif kind in ("int", "decimal", "str"):
        noun = {"int": "integer", "decimal": "number", "str": "text"}[kind]
        least, _, most = limits.partition("..")
        if limits or kind == "int":
            least = least or "0"
        text = noun + (f" {least} to {most}" if most else f" from {least}" if least else "")
        text += " characters" if kind == "str" and limits else ""
    else:
        noun = {"enum": "one of", "csl": "list of", "measurands": "list of measurands"}
        noun["seq"] = "list, in order, of"
        text = noun.get(kind, "list of connector.rotation") + " " + limits.replace(",", ", ")
    text = text.strip() + (f", {unit}" if unit else "")
    if "rise" in fields[7]:
        text += "; the CSMS may only raise it"
    if "reboot" in fields[7]:
        text += "; counts after a restart"
    return text


def page():
    out = [HEAD]
    last = None
    rows = [row for part in PARTS for row in definitions(part.read_text())]
    for section, comment, fields in rows:
        if section != last:
            out.append(f"\n## {section}\n\n{COLUMNS}")
            last = section
        default = {"-": "absent", "": "empty"}.get(fields[4], fields[4]).replace(",", ", ")
        cells = (fields[0], fields[1], comment, values(fields), default, fields[6])
        out.append("| " + " | ".join(cells) + " |\n")
    return "".join(out)


def main():
    text = page()
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(text)
    elif not PAGE.exists() or PAGE.read_text() != text:
        sys.exit(f"{PAGE.name} is not up to date: run tools/settings_doc.py")


if __name__ == "__main__":
    main()
