/* payload.h - what the server hands to bobtail-step for one action: the contract of both sides.
 *
 *   program   bobtail-step run-script [--tools FOLDER]
 *   cwd       the script's work folder (0700, owned by the account that the script runs as)
 *   stdin     the key of the box: 64 hexadecimal digits and a newline, nothing else. The step reads
 * that line only and gives the script /dev/null as its standard input. file      ./variables.box
 * (PAYLOAD_FILE, 0600): box_seal(key, payload_encode(variables)); crypt/box.h. A fresh key for each
 * run. The step removes the file once it is opened, before the script starts. tools     FOLDER or
 * $BOBTAIL_TOOLS: a folder that lives longer than the run, writable by the script's account. The
 * step keeps its helper files there, one set per version:
 * FOLDER/bobtail-step/<version>/bootstrap.sh. Neither given: $TentacleHome/Tools. environ inherited
 * by the script; $TentacleHome and its like (agents set them) are variables `env:NAME` as well.
 *
 * Values travel unevaluated: also Octopus.Action.Script.ScriptBody, .Syntax and .ScriptParameters
 * go in as they are in the process; the step evaluates them with the worker's own `env:` variables.
 * (A body that the server evaluated already would lose its `##{` escapes.)
 *
 * After exec the step is the interpreter: same pid; the exit code is the script's. What fails
 * before the script starts prints one sentence on standard error and ends with a code of enum
 * payload_exit. The server emits the output variable Octopus.Action.Script.ExitCode and applies
 * Octopus.Action.FailScriptOnErrorOutput: the step is gone by then. */
#ifndef TEMPLATE_PAYLOAD_H
#define TEMPLATE_PAYLOAD_H
#include "base/buf.h"
#include "template/variables.h"

#define PAYLOAD_FILE "variables.box"
#define PAYLOAD_MAX (256 * MiB) /* of plain text */

enum payload_exit {
    PAYLOAD_EXIT_REFUSED =
        1, /* bad key, unreadable box, no script, unknown syntax, folder not writable */
    PAYLOAD_EXIT_NO_INTERPRETER = 209, /* bash, python3 or pwsh is not installed on the worker */
};

/** Appends all variables, unevaluated; the format is private to these two functions. Check
 * ${out}->overflow. */
void payload_encode(const struct variables *v, struct buf *out);
/** Sets in ${v} what ${data} holds; of equal names the later wins. ERR_CORRUPT when it is no
 * payload. */
int payload_decode(struct variables *v, const char *data, size_t n, struct error *e) MUST_USE;
#endif
