/* promotion.c - see promotion.h. */
#include "api/promotion.h"
#include "api/permit.h"

#include "store/task.h"

void standing_done(struct standing *s)
{
    json_decref(s->lifecycle);
    *s = (struct standing){0};
}

int environment_ids(struct db_tx *tx, struct call *c, struct promotion_ids *ret, struct error *e)
{
    struct document_query q = {.kind = environment_resource.kind,
                               .space_id = c->space_id,
                               .order = DOCUMENT_BY_SORT,
                               .take = -1,
                               .without_body = true};
    struct document_page page;

    if (document_list(tx, &q, c->arena, &page, e) < 0) return -1;
    *ret = (struct promotion_ids){ARENA_NEW(c->arena, const char *, page.n + 1), page.n};
    for (size_t i = 0; i < page.n; i++) ret->items[i] = page.items[i].id;
    return 0;
}

int lifecycle_of_release(struct db_tx *tx, struct call *c, const json_t *project,
                         const json_t *release, json_t **ret, struct error *e)
{
    json_auto_t *channel = NULL;

    if (resource_read(tx, c, &channel_resource, NULL, text(release, "ChannelId"), &channel, e) < 0)
        return -1;
    const char *own = jv_str(channel, "LifecycleId", NULL);
    return resource_read(tx, c, &lifecycle_resource, NULL,
                         str_blank(own) ? text(project, "LifecycleId") : own, ret, e);
}

int standing_in(struct db_tx *tx, struct call *c, json_t *lifecycle, const char *release_id,
                struct standing *ret, struct error *e)
{
    *ret = (struct standing){.lifecycle = lifecycle, .p.lifecycle = lifecycle};
    int defect = defect_of_release(tx, c, release_id, e);
    if (defect < 0) return -1;
    ret->p.has_defect = defect;
    return task_environments_reached(tx, release_id, c->arena, &ret->p.reached.items,
                                     &ret->p.reached.n, e);
}

int standing_read(struct db_tx *tx, struct call *c, const json_t *project, const json_t *release,
                  struct standing *ret, struct error *e)
{
    json_auto_t *lifecycle = NULL;
    struct promotion_ids all;

    *ret = (struct standing){0};
    if (lifecycle_of_release(tx, c, project, release, &lifecycle, e) < 0 ||
        environment_ids(tx, c, &all, e) < 0)
        return -1;
    return standing_in(tx, c, lifecycle_resolve(lifecycle, &all), text(release, "Id"), ret, e);
}

/* A lifecycle without phases says no to nothing: then nothing more need be read. */
int promotion_check(struct db_tx *tx, struct call *c, const json_t *project, const json_t *release,
                    const json_t *environment, const char *member, struct error *e)
{
    CLEANUP(standing_done) struct standing s = {0};
    json_auto_t *lifecycle = NULL;
    struct promotion_ids all;

    if (lifecycle_of_release(tx, c, project, release, &lifecycle, e) < 0) return -1;
    if (json_array_size(jv_get(lifecycle, "Phases")) == 0) return 0;
    if (environment_ids(tx, c, &all, e) < 0 ||
        standing_in(tx, c, lifecycle_resolve(lifecycle, &all), text(release, "Id"), &s, e) < 0)
        return -1;
    const char *why =
        promotion_refusal(&s.p, text(environment, "Id"), text(environment, "Name"), c->arena);
    return why ? fail_at(e, member, "%s: %s", member, why) : 0;
}

int promotion_targets(struct db_tx *tx, struct call *c, const json_t *project,
                      const json_t *release, json_t **ret, struct error *e)
{
    CLEANUP(standing_done) struct standing s = {0};
    struct document_query q = {.kind = environment_resource.kind,
                               .space_id = c->space_id,
                               .visible = permit_visible_by(c, "EnvironmentView", c->space_id),
                               .order = DOCUMENT_BY_SORT,
                               .take = -1};
    json_auto_t *all = NULL, *list = json_array();
    json_t *one;
    size_t i;

    if (standing_read(tx, c, project, release, &s, e) < 0 ||
        resource_documents(tx, c, &q, &all, e) < 0)
        return -1;
    json_array_foreach (all, i, one)
        if (promotion_refusal(&s.p, text(one, "Id"), text(one, "Name"), c->arena) == NULL)
            json_array_append(list, one);
    *ret = TAKE(list);
    return 0;
}
