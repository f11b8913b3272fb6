/* automatic.c - deployments that lifecycles make by themselves: to the automatic environments of
 * each phase that a release reaches, once for each release and environment. See promotion.h.
 *
 * The list of releases to look at and what was deployed so far are tables (store/promotion.h), so
 * that nothing is forgotten or made twice whatever is killed when. A transaction makes one
 * deployment and puts the release back on the list; one that finds nothing to make takes it off.
 * What cannot be deployed (its project is disabled, a prompted value is missing) is written into
 * the audit and not tried again. The server's own user stands for who asked. */
#include "api/executions.h"
#include "api/promotion.h"
#include "base/log.h"
#include "store/event.h"
#include "store/promotion.h"

struct step {
    struct call call;
    const char *release_id, *environment_id; /* what was looked at last */
    int found;                               /* a release was on the list */
};

/* The first automatic environment that the release has not been sent to: 1 = it is on its way now,
 * 0 = there is none. */
static int send_on(struct db_tx *tx, struct step *x, json_t *project, json_t *release,
                   struct error *e)
{
    CLEANUP(standing_done) struct standing s = {0};
    struct call *c = &x->call;
    const char *id = text(release, "Id");
    int64_t now = clock_now(call_app(c)->clock);

    if (standing_read(tx, c, project, release, &s, e) < 0) return -1;
    struct promotion_ids next = promotion_automatic(&s.p, c->arena);
    for (size_t i = 0; i < next.n; i++) {
        json_auto_t *environment = NULL;
        int first = promotion_once(tx, id, next.items[i], now, e);
        if (first < 0) return -1;
        if (first == 0) continue;
        x->environment_id = next.items[i];
        if (resource_read(tx, c, &environment_resource, NULL, next.items[i], &environment, e) < 0 ||
            deployment_start(tx, c, project, release, environment, "Made by the lifecycle", NULL,
                             e) < 0 ||
            promotion_mark(tx, id, now, e) < 0)
            return -1;
        return 1;
    }
    return 0;
}

/* A release that is gone is off the list with that. 1 = it is there. */
static int read_release(struct db_tx *tx, struct call *c, const char *id, json_t **project,
                        json_t **release, struct error *e)
{
    struct error why = {0};
    struct document d;

    if (document_get(tx, release_resource.kind, id, c->arena, &d, &why) < 0) {
        if (why.kind == ERR_NOT_FOUND) return 0;
        *e = why;
        return -1;
    }
    c->space_id = d.space_id;
    if (document_json(&d, release, e) < 0) return -1;
    return resource_read(tx, c, &project_resource, NULL, text(*release, "ProjectId"), project, e) <
                   0
               ? -1
               : 1;
}

static int step_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct step *x = ctx;
    json_auto_t *project = NULL, *release = NULL;

    x->release_id = x->environment_id = NULL;
    x->found = promotion_take(tx, x->call.arena, &x->release_id, e);
    if (x->found <= 0) return x->found;
    int there = read_release(tx, &x->call, x->release_id, &project, &release, e);
    if (there <= 0) return there;
    return send_on(tx, x, project, release, e) < 0 ? -1 : 0;
}

struct refusal {
    struct step *step;
    const char *why;
};

/* Notes the environment as done, so that the next look goes past it. */
static int refuse_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct refusal *x = ctx;
    struct step *s = x->step;
    struct call *c = &s->call;
    const char *related[] = {s->release_id, s->environment_id};
    int64_t now = clock_now(call_app(c)->clock);
    struct event ev = {.space_id = c->space_id,
                       .category = "DeploymentFailed",
                       .user_id = c->caller.id,
                       .username = c->caller.name,
                       .occurred_at = now,
                       .message = arena_fmt(c->arena,
                                            "The automatic deployment of %s to %s was not made: %s",
                                            s->release_id, s->environment_id, x->why),
                       .related = related,
                       .n_related = ARRAY_LEN(related)};

    if (s->environment_id == NULL) return promotion_forget(tx, s->release_id, e);
    int first = promotion_once(tx, s->release_id, s->environment_id, now, e);
    if (first <= 0) return first;
    if (promotion_mark(tx, s->release_id, now, e) < 0) return -1;
    return event_add(tx, &ev, NULL, e);
}

/* Trying again would say the same. */
static bool is_final(const struct error *why)
{
    return why->kind == ERR_INVALID || why->kind == ERR_NOT_FOUND || why->kind == ERR_CORRUPT;
}

int automatic_deployments(void *app, struct error *e)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct step x = {.call = call_of_system(app, &a)};
    struct db *db = call_app(&x.call)->db;
    struct error why = {0};

    int done = db_write_hot(db, step_tx, &x, &why);
    json_auto_t *errors = x.call.errors;
    if (done >= 0) return x.found;
    const json_t *first = json_array_get(errors, 0);
    struct refusal r = {&x, json_is_string(first) ? json_string_value(first) : why.text};
    if (x.release_id && is_final(&why)) {
        log_warn("api", "no automatic deployment of %s to %s: %s", x.release_id,
                 x.environment_id ? x.environment_id : "anywhere", r.why);
        return db_write(db, refuse_tx, &r, e) < 0 ? -1 : 1;
    }
    *e = why;
    return -1;
}
