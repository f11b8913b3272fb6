/* deletion.c - what must not be deleted, beyond what references say (store/document.h): what a task
 * that has not ended still needs, the default of its kind, a published snapshot. See resource.h. */
#include <string.h>

#include "api/resource.h"
#include "store/task.h"

static const char *name_of(const struct document *d) { return d->name[0] ? d->name : d->id; }

static int check_tasks(struct db_tx *tx, struct call *c, const struct task_query *narrowed,
                       const struct document *d, struct error *e)
{
    static const char *const active[] = {"Queued", "Executing", "Cancelling"};
    struct task_query q = *narrowed;
    struct task *list;
    int64_t total;
    size_t n;

    q.states = active;
    q.n_states = ARRAY_LEN(active);
    q.take = 1;
    if (task_list(tx, &q, c->arena, &list, &n, &total, e) < 0) return -1;
    if (n == 0) return 0;
    return fail(e, ERR_INVALID, "%.100s is used by %s, which is %s; cancel it or wait for its end",
                name_of(d), list[0].id, list[0].state);
}

static int check_default(const struct document *d, const char *why, struct error *e)
{
    json_auto_t *doc = NULL;

    if (document_json(d, &doc, e) < 0) return -1;
    if (!jv_bool(doc, "IsDefault", false)) return 0;
    return fail(e, ERR_INVALID, "%.100s is %s", name_of(d), why);
}

static int check_published(struct db_tx *tx, struct call *c, const struct document *d,
                           struct error *e)
{
    json_auto_t *runbook = NULL;

    if (resource_read(tx, c, &runbook_resource, NULL, d->owner_id, &runbook, e) < 0) return -1;
    if (strcmp(jv_str(runbook, "PublishedRunbookSnapshotId", ""), d->id) != 0) return 0;
    return fail(e, ERR_INVALID,
                "%.100s is the published snapshot of %.100s; publish another one first", name_of(d),
                jv_str(runbook, "Name", ""));
}

static int check_feed(const struct document *d, struct error *e)
{
    json_auto_t *doc = NULL;

    if (document_json(d, &doc, e) < 0) return -1;
    if (strcmp(text(doc, "FeedType"), "BuiltIn") != 0) return 0;
    return fail(e, ERR_INVALID, "%.100s is the built-in feed and cannot be deleted", name_of(d));
}

int deletion_check(struct db_tx *tx, struct call *c, const struct resource *r,
                   const struct document *d, struct error *e)
{
    struct task_query q = {.space_id = r->system ? NULL : c->space_id};

    if (r == &project_resource) q.project_id = d->id;
    else if (r == &environment_resource) q.environment_id = d->id;
    else if (r == &runbook_resource) q.runbook_id = d->id;
    else if (r == &release_resource || r == &runbook_snapshot_resource) q.about = d->id;
    else if (r == &channel_resource)
        return check_default(
            d, "the default channel of its project; make another one the default first", e);
    else if (r == &worker_pool_resource || r == &machine_policy_resource)
        return check_default(d,
                             arena_fmt(c->arena,
                                       "the default %s; make another one the default first",
                                       resource_noun(c->arena, r)),
                             e);
    else if (r == &feed_resource) return check_feed(d, e);
    else return 0;
    if (r == &runbook_snapshot_resource && check_published(tx, c, d, e) < 0) return -1;
    return check_tasks(tx, c, &q, d, e);
}
