"""The JSON Schema of a deal as it is written: an offer may extend another one, which the models never see."""

from __future__ import annotations

from typing import Any, cast

from deal_solve.deal.deal import Deal

EXTENDS = {"type": "string", "description": "id of the offer that this one changes: maps merge, null removes"}


def deal_schema() -> dict[str, Any]:
    """Return the schema of a deal file; an offer with `extends` needs nothing else, and any key in it may be null."""
    schema = Deal.model_json_schema(by_alias=True)
    definitions = schema["$defs"]
    changed = _change({"$ref": "#/$defs/Offer"}, definitions)
    change = definitions["OfferChange"]
    change |= {"properties": {"extends": EXTENDS, **change["properties"]}, "required": ["extends"]}
    offer = {"if": {"required": ["extends"]}, "then": changed, "else": {"$ref": "#/$defs/Offer"}}
    schema["properties"]["offers"]["additionalProperties"] = offer
    return cast(dict[str, Any], _with_words(schema))


def _with_words(node: Any) -> Any:
    """Return a schema in which yes and no, which YAML 1.2 reads as text, are true and false too."""
    if isinstance(node, list):
        return [_with_words(each) for each in node]
    if not isinstance(node, dict):
        return node
    words = {**node, "enum": [True, False, "yes", "no"]} if node.get("type") == "boolean" else node
    return {key: _with_words(each) for key, each in words.items() if words is node or key != "type"}


def _change(node: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of what is merged into a value: of a map any part, with null for what is removed."""
    if "$ref" in node:
        name = node["$ref"].rsplit("/", 1)[-1]
        if f"{name}Change" not in definitions:
            definitions[f"{name}Change"] = {}  # where a model holds itself
            definitions[f"{name}Change"] |= _change(definitions[name], definitions)
        return {**node, "$ref": f"#/$defs/{name}Change"}
    changed = {key: value for key, value in node.items() if key not in ("required", "default")}
    if "anyOf" in node:
        changed["anyOf"] = [_change(each, definitions) for each in node["anyOf"]]
    for key in ("properties", "patternProperties"):
        if key in node:
            changed[key] = {name: _removable(each, definitions) for name, each in node[key].items()}
    if isinstance(node.get("additionalProperties"), dict):
        changed["additionalProperties"] = _removable(node["additionalProperties"], definitions)
    return changed


def _removable(node: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {key: node[key] for key in ("title", "description") if key in node}
    return {"anyOf": [_change(node, definitions), {"type": "null"}], **described}
