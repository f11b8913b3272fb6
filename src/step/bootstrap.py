# bootstrap.py - the helper functions of a Python step. Started by bobtail-step as
#     python3 -u bootstrap.py DESCRIPTOR SCRIPT
# in the work folder; one file per version of bobtail-step serves all runs. DESCRIPTOR is an open, sealed memory file
# with the variables as NUL-terminated fields: the script's parameters; 66 numbers; then names and values in turn.

import base64
import os
import runpy
import sys


def _fields(descriptor):
    with os.fdopen(descriptor, "rb") as file:
        file.seek(0)
        return file.read().decode("utf-8", "surrogateescape").split("\0")


def _arguments(text):
    """Splits a command line at white space; double quotes keep it together, \\" is a quote."""
    arguments, word, quoted, at = [], None, False, 0
    while at < len(text):
        c = text[at]
        at += 1
        if c == "\\" and text[at:at + 1] == '"':
            word = (word or "") + '"'
            at += 1
        elif c == '"':
            quoted = not quoted
            word = word or ""
        elif c.isspace() and not quoted:
            if word is not None:
                arguments.append(word)
            word = None
        else:
            word = (word or "") + c
    return arguments if word is None else arguments + [word]


def _print(text):
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _say(mode, message):
    _print("##octopus[stdout-{0}]\n{1}\n##octopus[stdout-default]".format(mode, message))


def _message(name, *attributes):
    _print("##octopus[" + name + "".join(" {0}='{1}'".format(k, encode(v)) for k, v in attributes) + "]")


def encode(value):
    return base64.b64encode(value.encode("utf-8")).decode("ascii")


def decode(value):
    return base64.b64decode(value).decode("utf-8")


def decrypt(encrypted, iv):
    raise RuntimeError("decrypt: values are not encrypted on this worker, use get_octopusvariable")


def get_octopusvariable(key):
    return octopusvariables.get(key, "")


def set_octopusvariable(name, value, sensitive=False):
    attributes = [("name", name), ("value", value)]
    if sensitive:
        attributes.append(("sensitive", "True"))
    _message("setVariable", *attributes)
    octopusvariables[name] = value


def createartifact(path, fileName=None):
    if fileName is None:
        fileName = os.path.basename(path)
    length = str(os.path.getsize(path)) if os.path.isfile(path) else "0"
    path = os.path.abspath(path)
    _say("verbose", "Artifact {0} will be collected from {1} after this step completes".format(fileName, path))
    _message("createArtifact", ("path", path), ("name", fileName), ("length", length))


def updateprogress(progress, message=None):
    if message is None:
        raise TypeError("updateprogress needs a message beside the percentage")
    _message("progress", ("percentage", str(progress)), ("message", message))


def failstep(message=None):
    if message is not None:
        _message("resultMessage", ("message", message))
    sys.exit(-1)


def printverbose(message):
    _say("verbose", message)


def printhighlight(message):
    _say("highlight", message)


def printwait(message):
    _say("wait", message)


def printwarning(message):
    _say("warning", message)


if __name__ == "__main__":
    _table = _fields(int(sys.argv[1]))
    _script = os.path.join(os.getcwd(), sys.argv[2])
    _first = int(_table[1])
    octopusvariables = dict(zip(_table[_first::2], _table[_first + 1::2]))
    printverbose("Python " + sys.version.replace("\n", " "))
    sys.argv[1:] = _arguments(_table[0])
    sys.path[0] = os.getcwd()
    del _table, _first
    runpy.run_path(
        _script,
        init_globals={name: value for name, value in globals().items() if not name.startswith("_")},
        run_name="__main__",
    )
