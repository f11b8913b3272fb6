/* context_outputs.c - the output variables of a run, by the full names that other actions read them
 * by. Each value has one owner and is freed when it is replaced, so a script that sets one variable
 * for ever does not grow the server; what a task may hold in all is bounded. */
#include <stdlib.h>
#include <string.h>

#include "engine/context_priv.h"
#include "store/task_log.h"

static void free_value(void *value)
{
    struct output_value *o = value;

    if (o == NULL) return;
    if (o->sensitive) explicit_bzero(o->value, strlen(o->value));
    free(o->value);
    free(o);
}

void context_free_outputs(struct context *c) { map_free(c->outputs, free_value); }

/* False when the limits forbid it. */
static bool put(struct context *c, const char *action, const char *name, const char *value,
                bool sensitive)
{
    CLEANUP(buf_done) struct buf full = BUF_INIT(BUF_UNBOUNDED);

    buf_addf(&full, "Octopus.Action[%s].Output.%s", action, name);
    const struct output_value *before = map_get(c->outputs, buf_str(&full));
    size_t had = before ? full.n + strlen(before->value) : 0, has = full.n + strlen(value);
    if (c->output_bytes - had + has > CONTEXT_OUTPUT_BYTES_MAX ||
        (before == NULL && map_count(c->outputs) >= CONTEXT_OUTPUTS_MAX))
        return false;
    struct output_value *o = xcalloc(1, sizeof(*o));
    *o = (struct output_value){xstrdup(value), sensitive};
    free_value(map_put(c->outputs, buf_str(&full), o));
    c->output_bytes += has - had;
    return true;
}

int context_read_outputs(struct db_tx *tx, struct context *c, struct error *e)
{
    CLEANUP(arena_wipe) struct arena scratch = ARENA_INIT;
    struct output_variable *list;
    size_t n;

    if (output_variable_list(tx, c->task.id, &scratch, &list, &n, e) < 0) return -1;
    for (size_t i = 0; i < n; i++) {
        const char *value = list[i].value;
        if (list[i].is_sensitive && context_unseal(c, value, &scratch, &value, e) < 0) return -1;
        (void)put(c, list[i].action, list[i].name, value, list[i].is_sensitive);
    }
    return 0;
}

bool context_output_variable(struct context *c, const char *action_name, const char *name,
                             const char *value, bool sensitive)
{
    if (!put(c, action_name, name, value, sensitive)) return false;
    context_forget(c);
    return true;
}
