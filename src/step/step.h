/* step.h - one run of a script by bobtail-step (private to src/step).
 *
 * The way of a run: open the box, choose the shell, write the script, make sure of the helper file,
 * put the variables into a memory file, print what is to be said, exec. The process is
 * single-threaded and short-lived: what it allocates is left to its end. */
#ifndef STEP_STEP_H
#define STEP_STEP_H
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "template/payload.h"
#include "template/variables.h"

struct step_secret {
    const char *name, *text; /* text: as the server knows it; NULL = not at all */
};
struct step {
    struct arena arena;
    struct variables *variables;
    ARENA_LIST(struct step_secret) secrets;
    const char *tools;         /* folder that outlives the run */
    const struct shell *shell; /* set by script_choose */
    const char *body;          /* the script, substituted */
    const char *parameters;    /* evaluated, "" when there are none */
    const char *bootstrap;     /* path of the helper file */
    int table;                 /* descriptor of the memory file, inherited by the interpreter */
    struct buf said;           /* what is written to standard output before the script starts */
};

#define STEP_ARGS_MAX 16
/* A file that this program carries. */
struct helper {
    const char *name; /* file name in the tools folder */
    const char *text, *end;
};
struct shell {
    const char *syntax;       /* value of Octopus.Action.Script.Syntax */
    const char *program;      /* looked up on PATH */
    const char *script;       /* file name in the work folder */
    struct helper helpers[2]; /* the bootstrap first; unused: no name */
    const char *missing;      /* what to say when the program is not there */
    const char *module;       /* file name of a script module, %s is its name */
    bool line_feeds;          /* CRLF becomes LF in what is written */
    const char *mark;         /* in front of what is written: a byte order mark, or "" */
    /** Fills ${ret_argv} up to its NULL; the texts live in the step's arena. */
    void (*arguments)(struct step *s, const char **ret_argv);
};
extern const struct shell shell_bash, shell_python, shell_powershell;

/** A value, evaluated; "" when absent. Lives in the step's arena. */
int step_value(struct step *s, const char *name, const char **ret, struct error *e) MUST_USE;
/** Says ${text} in a log category ("verbose", "warning") before the script starts. */
void step_say(struct step *s, const char *category, const char *text);

/** Notes what secrets come to as far as the server knows: before the environment is added. */
void secrets_note(struct step *s);
/** Has those masked that come to something else here. */
void secrets_tell(struct step *s);

/** Chooses the shell and substitutes the body: Octopus.Action.Script.ScriptBody and .Syntax. */
int script_choose(struct step *s, struct error *e) MUST_USE;
/** Writes the script and the script modules of its language into the work folder, 0600. */
int script_write(struct step *s, struct error *e) MUST_USE;
/** True when the body has a call or index that ${word} begins. */
bool script_mentions(const struct step *s, const char *word);

/** Makes sure that TOOLS/bobtail-step/VERSION has the shell's helper files exactly as in this
 * build. */
int tools_prepare(struct step *s, struct error *e) MUST_USE;
/** Makes the memory file of evaluated variables; layout: table.c. */
int table_make(struct step *s, struct error *e) MUST_USE;
/** Says what the machine is, and prints the variables when they are asked for. */
void report_environment(struct step *s);
void report_variables(struct step *s);

/** `run-script`: returns only when it failed, with the exit code. */
int run_script(const char *tools);
#endif
