/* resume.c - reading a run back from the database: task, documents, journal, scripts under way.
 *
 * The same path serves a task that was just claimed (its journal is empty), one whose server was
 * killed, and one whose last commit failed: the database is the truth, memory is a copy. */
#include "engine/run_priv.h"

#include <stdlib.h>
#include <string.h>

#include "store/artifact.h"
#include "store/journal.h"

struct loaded {
    struct run *run;
    struct journal_row *rows;
    size_t n;
    ARENA_LIST(struct log_cursor) cursors; /* sealed_state: opened */
    struct log_mask *masks;                /* sealed: opened */
    size_t n_masks;
    ARENA_LIST(const char *)
    unfetched; /* invocations with artifacts that are still to be fetched */
};

static int load_cursors(struct db_tx *tx, struct loaded *l, struct error *e)
{
    struct run *r = l->run;

    for (size_t i = 0; i < r->state->invocations.n; i++) {
        const struct invocation *x = &r->state->invocations.items[i];
        struct log_cursor c;
        int found = log_cursor_get(tx, r->task_id, x->ticket, &r->arena, &c, e);
        if (found < 0) return -1;
        if (found == 0) continue;
        if (context_unseal(r->context, c.sealed_state, &r->arena, &c.sealed_state, e) < 0)
            return -1;
        *ARENA_ADD(&r->arena, &l->cursors) = c;
    }
    return 0;
}

static int load_masks(struct db_tx *tx, struct loaded *l, struct error *e)
{
    struct run *r = l->run;

    if (log_mask_list(tx, r->task_id, &r->arena, &l->masks, &l->n_masks, e) < 0) return -1;
    for (size_t i = 0; i < l->n_masks; i++) {
        const char **text = &l->masks[i].sealed;
        if (context_unseal(r->context, *text, &r->arena, text, e) < 0) return -1;
    }
    return 0;
}

static int load_unfetched(struct db_tx *tx, struct loaded *l, struct error *e)
{
    struct run *r = l->run;
    struct artifact *first;
    size_t n;

    for (size_t i = 0; i < r->state->invocations.n; i++) {
        const struct invocation *x = &r->state->invocations.items[i];
        if (invocation_ended(x)) continue;
        if (artifact_unfetched(tx, r->task_id, x->ticket, 1, &r->arena, &first, &n, e) < 0)
            return -1;
        if (n) *ARENA_ADD(&r->arena, &l->unfetched) = first->invocation;
    }
    return 0;
}

static int fold(struct run *r, const struct journal_row *rows, size_t n, struct error *e)
{
    for (size_t i = 0; i < n; i++) {
        struct entry x;
        if (entry_parse(rows[i].seq, rows[i].kind, (int)rows[i].version, rows[i].at_ms,
                        rows[i].body, strlen(rows[i].body), &x, e) < 0)
            return -1;
        int done = state_apply(r->state, &x, e);
        entry_done(&x);
        if (done < 0) return -1;
    }
    return 0;
}

/* The transaction may run again, so it starts from nothing. */
static int load_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct loaded *l = ctx;
    struct run *r = l->run;
    struct context_options o = {&r->task, r->engine->o.key, r->engine->o.server_uri};

    run_unload(r);
    *l = (struct loaded){.run = r};
    r->state = state_new();
    if (task_get(tx, r->task_id, &r->arena, &r->task, e) < 0) return -1;
    if (r->task.epoch != r->epoch)
        return fail(e, ERR_FENCED, "task %s is run by another node now", r->task_id);
    if (context_load(tx, &o, &r->context, e) < 0) return -1;
    if (journal_read(tx, r->task_id, 0, &r->arena, &l->rows, &l->n, e) < 0) return -1;
    if (fold(r, l->rows, l->n, e) < 0) return -1;
    if (r->state->plan == NULL) return context_load_pools(tx, r->context, e);
    if (load_cursors(tx, l, e) < 0 || load_masks(tx, l, e) < 0) return -1;
    return load_unfetched(tx, l, e);
}

static const struct log_cursor *cursor_of(const struct loaded *l, const char *ticket)
{
    for (size_t i = 0; i < l->cursors.n; i++)
        if (strcmp(l->cursors.items[i].invocation, ticket) == 0) return &l->cursors.items[i];
    return NULL;
}

static int recall_masks(struct run *r, const struct loaded *l, const char *ticket, struct script *s,
                        struct error *e)
{
    for (size_t i = 0; i < l->n_masks; i++)
        if (strcmp(l->masks[i].invocation, ticket) == 0 &&
            script_recall_masks(r, s, l->masks[i].sealed, e) < 0)
            return -1;
    return 0;
}

/* Follows every script that may be under way; starting it again is harmless, its ticket is the
 * same. */
static int attach(struct run *r, const struct loaded *l, struct error *e)
{
    for (size_t i = 0; i < r->state->invocations.n; i++) {
        const struct invocation *x = &r->state->invocations.items[i];
        const struct log_cursor *cursor = cursor_of(l, x->ticket);
        struct script *s;
        if (invocation_ended(x)) {
            if (recall_masks(r, l, x->ticket, NULL, e) < 0) return -1;
            continue;
        }
        (void)context_variables(r->context, x->action); /* its secrets are masked as it sees them */
        if (script_new(r, x, cursor, &s, e) < 0) return -1;
        for (size_t k = 0; k < l->unfetched.n; k++)
            s->artifacts += strcmp(l->unfetched.items[k], x->ticket) == 0;
        VEC_PUSH(&r->scripts, s);
        if (recall_masks(r, l, x->ticket, s, e) < 0) return -1;
        script_start(r, s, false);
        s->rung = true;
        if (x->stop == STOP_NONE) continue;
        if (script_stop(r, s, x->stop, (int)r->plan->actions[x->action].grace_s * 1000, e) < 0)
            return -1;
    }
    return 0;
}

static void note_row(struct run *r)
{
    r->log_lines = r->task.log_lines;
    r->log_bytes = r->task.log_bytes;
    r->has_warnings = r->task.has_warnings;
}

bool run_is_lost(const struct run *r)
{
    return r->task.error[0] && !task_state_ended(r->task.state);
}

static int row_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct run *r = ctx;

    run_unload(r);
    if (task_get(tx, r->task_id, &r->arena, &r->task, e) < 0) return -1;
    if (r->task.epoch != r->epoch)
        return fail(e, ERR_FENCED, "task %s is run by another node now", r->task_id);
    return 0;
}

int run_load_row(struct run *r, struct error *e)
{
    if (db_read(r->engine->o.db, row_tx, r, e) < 0) return -1;
    r->state = state_new();
    r->state->seq = r->task.journal_seq;
    note_row(r);
    r->cancel_seen = r->task.cancel_by != NULL;
    return 0;
}

int run_load(struct run *r, struct error *e)
{
    struct loaded l = {.run = r};

    if (db_read(r->engine->o.db, load_tx, &l, e) < 0) {
        run_unload(r);
        return -1;
    }
    context_mask(r->context, r->masker);
    context_set_state(r->context, r->state);
    note_row(r);
    r->cancel_seen = r->state->cancelled || task_state_ended(r->task.state);
    r->plan = (struct plan *)r->state->plan;
    if (!run_is_lost(r) && attach(r, &l, e) < 0) {
        run_unload(r);
        return -1;
    }
    r->loaded = true;
    return 0;
}

void run_unload(struct run *r)
{
    for (size_t i = 0; i < r->scripts.n; i++) {
        engine_route(r->engine, r->scripts.items[i]->ticket, NULL);
        script_free(r->scripts.items[i]);
    }
    VEC_DONE(&r->scripts);
    masker_free(r->masker);
    r->masker = masker_new();
    context_free(r->context);
    r->context = NULL;
    r->plan = NULL;
    state_free(r->state);
    r->state = NULL;
    arena_wipe(&r->arena);
    r->loaded = false;
}

struct script *run_script(struct run *r, const char *ticket)
{
    for (size_t i = 0; i < r->scripts.n; i++)
        if (strcmp(r->scripts.items[i]->ticket, ticket) == 0) return r->scripts.items[i];
    return NULL;
}
