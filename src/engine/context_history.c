/* context_history.c - what was deployed before: Octopus.Release.Previous and its like.
 *
 * Looking back costs time that grows with the project, so it is done only where a script, a
 * property or a variable has one of the words that all of these names have. */
#include <string.h>

#include "engine/context_priv.h"

#define LOOK_BACK 50 /* deployments of one release in a row before another one is given up on */

bool context_asks_history(const char *document)
{
    return strcasestr(document, "Previous") || strcasestr(document, "CurrentForEnvironment");
}

/* The release before this one. */
static int read_previous(struct db_tx *tx, struct context *c, struct error *e)
{
    struct document_query q = {.kind = "Releases",
                               .owner_id = context_text(c->project, "Id"),
                               .order = DOCUMENT_BY_ID_DESC,
                               .take = -1,
                               .without_body = true};
    const char *own = context_text(c->release, "Id");
    struct document_page page;
    size_t i = 0;

    if (document_list(tx, &q, &c->arena, &page, e) < 0) return -1;
    while (i < page.n && strcmp(page.items[i].id, own) != 0) i++;
    if (i + 1 >= page.n) return 0;
    return context_read_document(tx, c, "Releases", page.items[i + 1].id, &c->previous, e);
}

/* 1 = read, 0 = it was deleted since, with its release: the task outlives both. */
static int read_deployment(struct db_tx *tx, struct context *c, const char *id, json_t **ret,
                           struct error *e)
{
    struct error why = {0};

    if (context_read_document(tx, c, "Deployments", id, ret, &why) == 0) return 1;
    if (why.kind == ERR_NOT_FOUND) return 0;
    *e = why;
    return -1;
}

/* One deployment that succeeded in this environment, newest first. */
static int look_at(struct db_tx *tx, struct context *c, const char *id, struct error *e)
{
    json_auto_t *deployment = NULL;
    const char *own = context_text(c->release, "Id");

    int found = read_deployment(tx, c, id, &deployment, e);
    if (found <= 0) return found;
    const char *release = context_text(deployment, "ReleaseId");
    if (c->previous_deployment == NULL) {
        c->previous_deployment = arena_strdup(&c->arena, id);
        if (context_read_document(tx, c, "Releases", release, &c->current_here, e) < 0) return -1;
    }
    if (strcmp(release, own) == 0) return 0;
    return context_read_document(tx, c, "Releases", release, &c->previous_here, e);
}

static int read_environment(struct db_tx *tx, struct context *c, struct error *e)
{
    static const char *const success[] = {"Success"};
    struct task_query q = {.states = success,
                           .n_states = 1,
                           .kind = "Deploy",
                           .project_id = context_text(c->project, "Id"),
                           .environment_id = context_text(c->environment, "Id"),
                           .take = LOOK_BACK};
    struct task *tasks;
    int64_t total;
    size_t n;

    if (task_list(tx, &q, &c->arena, &tasks, &n, &total, e) < 0) return -1;
    for (size_t i = 0; i < n && c->previous_here == NULL; i++)
        if (tasks[i].rank < c->task.rank && look_at(tx, c, tasks[i].subject_id, e) < 0) return -1;
    return 0;
}

int context_read_history(struct db_tx *tx, struct context *c, struct error *e)
{
    if (c->release == NULL || !c->asks_history) return 0;
    if (read_previous(tx, c, e) < 0) return -1;
    return read_environment(tx, c, e);
}
