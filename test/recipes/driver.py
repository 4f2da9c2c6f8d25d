"""Calls functions of the modules in the working directory: a request is a line of JSON on stdin, its answer a line on stdout."""

import importlib
import json
import os
import sys
import traceback

answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # what a library prints is no answer
sys.path.insert(0, os.getcwd())

for line in sys.stdin:
    request = json.loads(line)
    try:
        function = getattr(importlib.import_module(request["module"]), request["function"])
        answer = {"result": function(*request["arguments"])}
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}", "trace": traceback.format_exc()}
    answers.write(json.dumps(answer) + "\n")
    answers.flush()
