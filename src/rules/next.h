/* next.h - what a run does next: the rules of orchestration, as one pure function of its state and
 * the time.
 *
 * Any thread, one thread per value. */
#ifndef RULES_NEXT_H
#define RULES_NEXT_H
#include "rules/state.h"

enum move_kind {
    MOVE_START,  /* start ${action} as ${attempt}: lease a worker, commit start-intended, send it */
    MOVE_SKIP,   /* commit skipped(${action}, ${text}) */
    MOVE_STOP,   /* commit stop-intended(${ticket}, ${reason}), then tell its worker */
    MOVE_FINISH, /* commit finished(${status}, ${text}, ${has_warnings}) */
    MOVE_CLEAN,  /* remove ${ticket} from its worker (a lost one: stop it when the worker is back),
                    commit cleaned */
};

struct move {
    enum move_kind kind;
    size_t action;           /* START, SKIP; STOP and CLEAN: the action of the ticket */
    int attempt;             /* START; STOP and CLEAN: of the ticket */
    const char *ticket;      /* STOP, CLEAN */
    enum stop_reason reason; /* STOP */
    enum run_status status;  /* FINISH */
    bool has_warnings;       /* FINISH */
    const char *text; /* SKIP: the reason; FINISH: the error, NULL for success. Sentence without
                         full stop */
};

struct moves {
    VEC(struct move) list; /* list.items[0 .. list.n) */
    struct arena arena;    /* owns the texts; tickets are borrowed from the state */
};
#define MOVES_INIT               \
    {                            \
        {NULL, 0, 0}, ARENA_INIT \
    }
#define NEXT_NEVER INT64_MAX

/** Puts the moves that are ready into ${out} (empty before). The function has no memory: a move is
 * handed out by every call until its entry is applied, and the caller knows which ones it is
 * performing already (move_same). A move in the making may be overtaken, so ask state_may_start and
 * its like right before committing its entry.
 *  ${ret_wake_at_ms}: call again at this time (UTC) even if nothing happens; NEXT_NEVER = no need.
 *  ${ev}: for condition expressions, asked when a step or action is about to start; may be NULL
 * (all false). Skips and the finish cost nothing to perform: apply them and call again until none
 * is left. After the finish only MOVE_CLEAN remains, for whom it may concern: nobody waits for it.
 */
void next_moves(const struct state *s, int64_t now_ms, const struct evaluator *ev,
                struct moves *out, int64_t *ret_wake_at_ms);

/** What went wrong so far, the sentence that the run would end with, in ${a}; NULL when nothing
 * did. */
const char *next_failure(const struct state *s, struct arena *a);
/** What went wrong in the last attempt of a failed action, as the second half of a sentence. */
const char *next_failure_cause(const struct state *s, size_t action, struct arena *a);

/** Same kind of move about the same thing. */
bool move_same(const struct move *a, const struct move *b);
const char *move_kind_name(enum move_kind kind); /* "start", "skip", "stop", "finish", "clean" */
void moves_clear(struct moves *m);               /* for use again */
void moves_done(struct moves *m);
#endif
