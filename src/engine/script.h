/* script.h - one invocation on its worker, followed from its start to its outcome.
 *
 * The script runs whether anyone follows or not; this object is how far the engine has read it.
 * Belongs to the thread that handles its run's turn. */
#ifndef ENGINE_SCRIPT_H
#define ENGINE_SCRIPT_H
#include "engine/output.h"
#include "engine/turn.h"
#include "fleet/driver.h"
#include "rules/state.h"
#include "rules/tree.h"

enum script_place {
    SCRIPT_NEW,
    SCRIPT_SENT,         /* its worker has it, and tells news of it */
    SCRIPT_REFUSED,      /* certainly not started: start_error says why */
    SCRIPT_UNWANTED,     /* certainly not started, and asked to stop meanwhile */
    SCRIPT_UNSURE,       /* its worker could not say just now: start_error; to be tried again */
    SCRIPT_OUT_OF_REACH, /* its worker belongs to a node of another machine: start_error */
    SCRIPT_LEFT, /* meant for an earlier run of the machine: what is left of it is read, nothing is
                    started */
};

struct script {
    char ticket[JOB_TICKET_MAX + 1];
    size_t action; /* of the plan */
    int attempt;
    char node[TREE_KEY_SIZE]; /* where its lines belong */
    struct driver *driver;
    struct driver_output *reader; /* NULL until the worker has it */
    struct output *output;
    uint64_t next_fragment;
    int64_t part;
    bool blind;             /* it destroyed its log: only its result is waited for */
    int64_t quiet_until;    /* a timer is set for it */
    int64_t committed_mono; /* of its last lines */
    enum script_place place;
    bool rung, fetched;   /* news; its artifacts are fetched */
    size_t artifacts;     /* asked for and not fetched yet */
    char *result_message; /* fail_step's sentence */
    int64_t percent;      /* of the progress that it told last */
    char *progress;       /* and its text; NULL = none */
    char waits_for[256];  /* who holds the mutex that it waits for; "" = it does not wait */
    bool warned;
    size_t masks_kept;  /* masks of its output that are stored */
    int64_t mask_parts; /* rows that they are in */
    bool masks_told;    /* it was said that not all of its secrets are masked */
    struct error start_error;
};

/** Follows ${i} from its cursor (given when ${cursor} is not NULL: its unsealed state). */
int script_new(struct run *r, const struct invocation *i, const struct log_cursor *cursor,
               struct script **ret, struct error *e) MUST_USE;
void script_free(struct script *s);
/** Masks again what a script of ${r} had announced: ${s}, or one that has ended (NULL). ${masks}:
 * the unsealed text of one row. */
int script_recall_masks(struct run *r, struct script *s, const char *masks,
                        struct error *e) MUST_USE;
/** Gives the script to its worker (${fresh}: its ticket was made in this turn; otherwise it may be
 * there already, which is found out) and follows its news; s->place says what came of it. */
void script_start(struct run *r, struct script *s, bool fresh);
/** Takes its news into the turn: lines, and its outcome when it has ended. ERR_* when the worker
 * cannot be read. */
int script_pump(struct script *s, struct turn *t, struct error *e) MUST_USE;
/** Tells the worker to stop it. */
int script_stop(struct run *r, struct script *s, enum stop_reason why, int grace_ms,
                struct error *e) MUST_USE;
#endif
