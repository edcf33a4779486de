"""Runs the Azure Function in examples/callers with unmodified azure-functions and azure-identity, and prints its answer."""

import sys
from pathlib import Path

import azure.functions as func

sys.path.insert(0, str(Path(__file__).parents[3] / "examples/callers/azure-function-python"))
import function_app  # noqa: E402

(function,) = function_app.app.get_functions()
trigger = function.get_trigger()
assert (trigger.get_dict_repr()["route"], trigger.get_dict_repr()["type"]) == ("member", "httpTrigger"), trigger
answer = function.get_user_function()(func.HttpRequest("GET", "/api/member", body=b""))
print(answer.status_code, answer.get_body().decode())
