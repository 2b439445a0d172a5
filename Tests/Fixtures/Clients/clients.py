"""Ready-made clients from PyPI against a running platform, unchanged: requests, jsonrpcclient, jsonrpclib-pelix; and the
discovery document held to what the OpenRPC 1.3 specification and its meta-schema demand.

usage: clients.py ADDRESS CERTIFICATE PASSWORD
"""
import ssl
import sys

import jsonrpclib
import jsonschema
import requests
from jsonrpcclient import Error, Ok, notification, parse, request

address, certificate, password = sys.argv[1:]
url = f"https://{address}/rpc"


def expect(fact, what):
    if not fact:
        sys.exit(f"not as expected: {what!r}")


# requests: one connection kept open, log-in, a batch with a notification in it.
session = requests.Session()
session.verify = certificate
answer = session.post(url, json={
    "jsonrpc": "2.0", "id": "a", "method": "auth.login", "params": {"username": "admin", "password": password}})
expect(answer.status_code == 200 and answer.headers["Content-Type"].startswith("application/json"), answer.headers)
expect(answer.json()["id"] == "a", answer.text)
token = answer.json()["result"]["token"]
session.headers["Authorization"] = f"Bearer {token}"
made = session.post(url, json=[
    {"jsonrpc": "2.0", "id": 1, "method": "record.create",
     "params": {"entity": "account", "values": {"account_name": "Łódź Steel"}}},
    {"jsonrpc": "2.0", "method": "auth.whoami"},
    {"jsonrpc": "2.0", "id": None, "method": "record.count", "params": {"entity": "account"}},
]).json()
expect([each["id"] for each in made] == [1, None], made)
account = made[0]["result"]["id"]
nothing = session.post(url, json={"jsonrpc": "2.0", "method": "auth.whoami"})
expect(nothing.status_code == 204 and nothing.content == b"", nothing)
compressed = session.post(url, json=request("auth.whoami"), headers={"Accept-Encoding": "gzip, deflate, br"})
expect(compressed.json()["result"]["user"]["username"] == "admin", compressed.text)

# jsonrpcclient: makes requests and reads answers.
match parse(session.post(url, json=request("record.get", params={"id": account})).json()):
    case Ok(result, _):
        expect(result["account_name"] == "Łódź Steel", result)
    case other:
        sys.exit(f"refused: {other}")
match parse(session.post(url, json=request("record.get", params={"id": 999999})).json()):
    case Error(code, message, data, _):
        expect(code == -32003 and data["kind"] == "not_found", (code, message, data))
    case other:
        sys.exit(f"not refused: {other}")
expect(session.post(url, json=notification("auth.whoami")).status_code == 204, "a notification")

# jsonrpclib-pelix: attributes become methods.
context = ssl.create_default_context(cafile=certificate)
proxy = jsonrpclib.ServerProxy(url, context=context, headers={"Authorization": f"Bearer {token}"})
expect(proxy.record.get(id=account)["account_name"] == "Łódź Steel", "a named call")
expect(proxy.record.count(entity="account")["count"] == 1, "a count")
try:
    proxy.record.get(id=999999)
    sys.exit("a missing record was found")
except jsonrpclib.ProtocolError as error:
    expect("-32003" in str(error), error)
several = jsonrpclib.MultiCall(proxy)
several.auth.whoami()
several.record.count(entity="account")
results = list(several())
expect(results[0]["user"]["username"] == "admin" and results[1]["count"] == 1, results)

# The discovery document.
document = parse(session.post(url, json=request("rpc.discover")).json()).result
expect(document["openrpc"].startswith("1.3."), document["openrpc"])
names = [method["name"] for method in document["methods"]]
expect(len(names) == len(set(names)) > 40, names)

# What the specification's meta-schema demands of each object: these members, no others but x-….
MEMBERS = {
    "document": ({"openrpc", "info", "methods"}, {"servers", "components", "externalDocs", "$schema"}),
    "info": ({"title", "version"}, {"description", "termsOfService", "contact", "license"}),
    "method": ({"name", "params", "result"}, {
        "description", "summary", "tags", "paramStructure", "errors", "links", "examples", "deprecated", "servers",
        "externalDocs"}),
    "content": ({"name", "schema"}, {"description", "summary", "required", "deprecated"}),
    "error": ({"code", "message"}, {"data"}),
    "pairing": ({"name", "params", "result"}, {"description", "summary"}),
    "example": ({"name", "value"}, {"description", "summary"}),
}


def hold(kind, found, place):
    required, optional = MEMBERS[kind]
    members = {name for name in found if not name.startswith("x-")}
    expect(required <= members <= required | optional, (place, sorted(members)))


def resolve(found):
    while "$ref" in found:
        expect(set(found) == {"$ref"} and found["$ref"].startswith("#/"), found)
        target = document
        for step in found["$ref"][2:].split("/"):
            target = target[step.replace("~1", "/").replace("~0", "~")]
        found = target
    return found


hold("document", document, "the document")
hold("info", document["info"], "info")
for method in document["methods"]:
    place = method["name"]
    hold("method", method, place)
    expect(method.get("paramStructure") in (None, "by-name", "by-position", "either"), place)
    for content in [*method["params"], method["result"]]:
        content = resolve(content)
        hold("content", content, place)
        jsonschema.Draft7Validator.check_schema(content["schema"])
    for error in method.get("errors", []):
        hold("error", resolve(error), place)
    for pairing in map(resolve, method.get("examples", [])):
        hold("pairing", pairing, place)
        for example in [*pairing["params"], pairing["result"]]:
            hold("example", resolve(example), place)

for name, schema in document.get("components", {}).get("schemas", {}).items():
    jsonschema.Draft7Validator.check_schema(schema)

print(f"{len(names)} methods")
