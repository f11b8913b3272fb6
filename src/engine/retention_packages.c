/* retention_packages.c - packages of built-in feeds that nobody has released for as many days as
 * the feed says. See retention.h.
 *
 * A package stays while its version is that of any package of a release or runbook snapshot of the
 * space - whichever package of it, which errs on the side of keeping - and while it is the highest
 * version of its id. */
#include <string.h>

#include "base/map.h"
#include "engine/retention.h"
#include "model/resource.h"
#include "store/document.h"
#include "store/event.h"
#include "store/package.h"

#define DAY_MS ((int64_t)24 * 3600 * 1000)
#define PACKAGES_AT_ONCE 500

struct feed {
    const char *space_id;
    int64_t days;
};
struct clean {
    struct system_task *task;
    struct arena arena;
    const struct feed *feeds;
    size_t n_feeds;
    const struct feed *feed; /* the one that is being cleaned */
    struct map *released;    /* versions */
    const char *last_id;     /* package id of the row before: the first of each is the highest */
    const char *next_last_id;
    int64_t skip, removed;
    bool more;
};

/* ---- what is to be cleaned, and what is released ---- */

static int feeds_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct clean *c = ctx;
    struct document_query q = {.kind = feed_resource.kind, .order = DOCUMENT_BY_ID, .take = -1};
    ARENA_LIST(struct feed) list = {0};
    struct document_page page;

    if (document_list(tx, &q, &c->arena, &page, e) < 0) return -1;
    for (size_t i = 0; i < page.n; i++) {
        json_auto_t *doc = NULL;
        if (document_json(&page.items[i], &doc, e) < 0) return -1;
        int64_t days = jv_i64(doc, "DeleteUnreleasedPackagesAfterDays", 0);
        if (days > 0 && strcmp(jv_str(doc, "FeedType", ""), "BuiltIn") == 0)
            *ARENA_ADD(&c->arena, &list) = (struct feed){page.items[i].space_id, days};
    }
    c->feeds = list.items;
    c->n_feeds = list.n;
    return 0;
}

static int note_versions(struct clean *c, const struct document *d, struct error *e)
{
    json_auto_t *doc = NULL;
    const json_t *one;
    size_t i;

    if (document_json(d, &doc, e) < 0) return -1;
    json_array_foreach (jv_get(doc, "SelectedPackages"), i, one)
        map_put(c->released, jv_str(one, "Version", ""), c);
    return 0;
}

static int released_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct clean *c = ctx;
    const struct resource *const kinds[] = {&release_resource, &runbook_snapshot_resource};

    for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
        struct document_query q = {.kind = kinds[k]->kind,
                                   .space_id = c->feed->space_id,
                                   .order = DOCUMENT_BY_ID,
                                   .take = -1};
        struct document_page page;
        if (document_list(tx, &q, &c->arena, &page, e) < 0) return -1;
        for (size_t i = 0; i < page.n; i++)
            if (note_versions(c, &page.items[i], e) < 0) return -1;
    }
    return 0;
}

/* ---- removing ---- */

static bool is_highest(const char **last_id, const struct package *p)
{
    bool first = *last_id == NULL || strcasecmp(*last_id, p->package_id) != 0;

    *last_id = p->package_id;
    return first;
}

static int remove_one(struct db_tx *tx, struct clean *c, const struct package *p, struct error *e)
{
    const char *related[] = {p->id};
    struct event ev = {.space_id = p->space_id,
                       .category = "Deleted",
                       .user_id = "users-system",
                       .username = "system",
                       .occurred_at = system_task_now(c->task),
                       .message = arena_fmt(&c->arena, "Package %s %s was deleted by retention",
                                            p->package_id, p->version),
                       .related = related,
                       .n_related = 1};

    if (package_delete(tx, p->id, e) < 0) return -1;
    return event_add(tx, &ev, NULL, e);
}

/* A page of packages; what stays is passed over by the next one. */
static int page_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct clean *c = ctx;
    struct package_query q = {
        .space_id = c->feed->space_id, .skip = c->skip, .take = PACKAGES_AT_ONCE};
    int64_t before = system_task_now(c->task) - c->feed->days * DAY_MS, total, removed = 0;
    const char *last_id = c->last_id;
    struct package *list;
    size_t n;

    if (package_list(tx, &q, &c->arena, &list, &n, &total, e) < 0) return -1;
    for (size_t i = 0; i < n; i++) {
        const struct package *p = &list[i];
        if (is_highest(&last_id, p) || p->published_at >= before ||
            map_get(c->released, p->version))
            continue;
        if (remove_one(tx, c, p, e) < 0) return -1;
        removed++;
    }
    c->removed = removed; /* set at the end: the function may run again */
    c->next_last_id = last_id;
    c->more = n == PACKAGES_AT_ONCE;
    return 0;
}

static int clean_feed(struct clean *c, int64_t *removed, struct error *e)
{
    int64_t kept = 0;

    if (db_read(system_task_db(c->task), released_tx, c, e) < 0) return -1;
    c->skip = 0;
    do {
        if (system_task_checkpoint(c->task, e) < 0 ||
            db_write(system_task_db(c->task), page_tx, c, e) < 0)
            return -1;
        c->last_id = c->next_last_id;
        *removed += c->removed;
        kept += PACKAGES_AT_ONCE - c->removed;
        c->skip = kept;
    } while (c->more);
    return 0;
}

int retention_packages(struct system_task *t, struct error *e)
{
    struct clean c = {.task = t, .arena = ARENA_INIT};
    int64_t removed = 0;

    int done = db_read(system_task_db(t), feeds_tx, &c, e);
    for (size_t i = 0; i < c.n_feeds && done == 0; i++) {
        c.feed = &c.feeds[i];
        c.last_id = NULL;
        c.released = map_new(true);
        done = clean_feed(&c, &removed, e);
        map_free(c.released, NULL);
    }
    arena_done(&c.arena);
    if (done < 0) return -1;
    system_task_say(t, LOG_CAT_INFO, "Removed %lld packages that are in no release",
                    (long long)removed);
    return 0;
}
