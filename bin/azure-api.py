"""
Describes Azure's REST API: reads the libraries that Microsoft publishes for Python, which are made of its API's description, and writes
what requests look like as JSON. Nothing of them is run. python3 azure-api.py OUTPUT FOLDER…
"""
import ast
import json
import re
import sys
from pathlib import Path


def text(node):
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def type_of(node):
    """A type as JSON: {"list": T}, {"map": T}, {"ref": NAME}, {"any": True} or the name of a plain type."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return type_of(ast.parse(node.value, mode="eval").body)
    if isinstance(node, ast.Attribute):
        return {"ref": node.attr} if ast.unparse(node.value) == "_models" else node.attr
    if isinstance(node, ast.Name):
        return {"any": True} if node.id in ("Any", "JSON") else node.id
    if isinstance(node, ast.Subscript):
        base = ast.unparse(node.value).split(".")[-1]
        inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if base == "Optional":
            return type_of(inner[0])
        if base in ("list", "List"):
            return {"list": type_of(inner[0])}
        if base in ("dict", "Dict"):
            return {"map": type_of(inner[1])}
        if base == "Union":
            named = [type_of(one) for one in inner]
            return next((one for one in named if isinstance(one, dict)), named[0])
        if base == "Literal":
            return "str"
    return {"any": True}


def field_of(statement):
    name, call = statement.target.id, statement.value
    keywords = {one.arg: one.value for one in call.keywords}
    visible = [text(one) for one in keywords["visibility"].elts] if "visibility" in keywords else None
    optional = isinstance(statement.annotation, ast.Subscript) and ast.unparse(statement.annotation.value) == "Optional"
    return text(keywords.get("name")) or name, {
        "type": type_of(statement.annotation),
        "required": not optional,
        "readOnly": visible == ["read"],
    }


def models_of(file):
    for node in ast.parse(file.read_text()).body:
        if not isinstance(node, ast.ClassDef):
            continue
        fields = dict(
            field_of(one)
            for one in node.body
            if isinstance(one, ast.AnnAssign)
            and isinstance(one.value, ast.Call)
            and getattr(one.value.func, "id", "") in ("rest_field", "rest_discriminator")
        )
        yield node.name, {"bases": [ast.unparse(one).split(".")[-1] for one in node.bases], "fields": fields}


def enums_of(file):
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.ClassDef):
            values = [text(one.value) for one in node.body if isinstance(one, ast.Assign)]
            yield node.name, [value for value in values if value is not None]


def builder_of(node):
    """What a function that builds a request says of it."""
    source = ast.unparse(node)
    optional = {one.arg for one, value in zip(node.args.kwonlyargs, node.args.kw_defaults) if value is not None}
    query = {}
    for name, variable in re.findall(r"_params\['([^']+)'\] = _SERIALIZER\.query\('(\w+)'", source):
        query[name] = {"required": variable not in optional and f"if {variable} is not None" not in source}
    version = re.search(r"_params\.pop\('api-version', '([^']+)'\)", source)
    if version:
        query["api-version"] = {"required": True, "value": version.group(1)}
    method = re.search(r"HttpRequest\(method='(\w+)'", source)
    url = re.search(r"_url = '([^']+)'", source)
    return method and url and {"method": method.group(1), "path": url.group(1), "query": query}


def operations_of(folder):
    file = folder / "operations" / "_operations.py"
    module = ast.parse(file.read_text())
    builders = {
        node.name: builder_of(node)
        for node in module.body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("build_")
    }
    for group in module.body:
        if not isinstance(group, ast.ClassDef):
            continue
        for node in group.body:
            if not isinstance(node, ast.FunctionDef):
                continue
            used = [one.func.id for one in ast.walk(node) if isinstance(one, ast.Call) and isinstance(one.func, ast.Name)]
            built = next((builders[name] for name in used if builders.get(name)), None)
            if built is None:
                continue
            bodies = [
                type_of(one.annotation)
                for one in node.args.args
                if one.annotation is not None and "IO[bytes]" in ast.unparse(one.annotation)
            ]
            body = next((one["ref"] for one in bodies if isinstance(one, dict) and "ref" in one), None)
            name = node.name.strip("_").removesuffix("_initial").removeprefix("begin_")
            yield {"space": folder.name, "id": f"{group.name.removesuffix('Operations')}.{name}", **built, "body": body}


described = {"operations": {}, "models": {}, "enums": {}}
for folder in map(Path, sys.argv[2:]):
    for operation in operations_of(folder):
        known = described["operations"].setdefault(operation["id"], operation)
        known["body"] = known["body"] or operation["body"]
    # Two libraries may call different things the same.
    space = folder.name
    described["models"][space] = dict(models_of(folder / "models" / "_models.py"))
    described["enums"][space] = dict(enums_of(folder / "models" / "_enums.py"))
Path(sys.argv[1]).write_text(json.dumps(described, indent=0))
