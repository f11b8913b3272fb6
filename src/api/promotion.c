/* promotion.c - where a release may go now: the phases of its channel's lifecycle. See
 * executions.h.
 *
 * No phases: everywhere. Otherwise an environment belongs to the first phase that names it, or to
 * the first that names none; and every phase before that one must be done, unless it is optional:
 * the release has succeeded in as many of its environments as the phase wants (0 = all). */
#include <string.h>

#include "api/executions.h"

struct promotion {
    json_t *lifecycle;
    json_t *environments; /* all of the space, in order */
    const char **done;    /* ids of environments where the release has succeeded */
    size_t n_done;
};

static void promotion_done(struct promotion *p)
{
    json_decref(p->lifecycle);
    json_decref(p->environments);
}

static int read_lifecycle(struct db_tx *tx, struct call *c, const json_t *project,
                          const json_t *release, json_t **ret, struct error *e)
{
    json_auto_t *channel = NULL;

    if (resource_read(tx, c, &channel_resource, NULL, text(release, "ChannelId"), &channel, e) < 0)
        return -1;
    const char *own = jv_str(channel, "LifecycleId", NULL);
    return resource_read(tx, c, &lifecycle_resource, NULL,
                         str_blank(own) ? text(project, "LifecycleId") : own, ret, e);
}

static int promotion_read(struct db_tx *tx, struct call *c, const json_t *project,
                          const json_t *release, struct promotion *p, struct error *e)
{
    struct document_query q = {.kind = environment_resource.kind,
                               .space_id = c->space_id,
                               .order = DOCUMENT_BY_SORT,
                               .take = -1};

    if (read_lifecycle(tx, c, project, release, &p->lifecycle, e) < 0) return -1;
    if (json_array_size(jv_get(p->lifecycle, "Phases")) == 0) return 0;
    if (resource_documents(tx, c, &q, &p->environments, e) < 0) return -1;
    return task_environments_reached(tx, text(release, "Id"), c->arena, &p->done, &p->n_done, e);
}

static bool names(const json_t *phase, const char *id)
{
    return jv_has(jv_get(phase, "AutomaticDeploymentTargets"), id) ||
           jv_has(jv_get(phase, "OptionalDeploymentTargets"), id);
}

static size_t named(const json_t *phase)
{
    return json_array_size(jv_get(phase, "AutomaticDeploymentTargets")) +
           json_array_size(jv_get(phase, "OptionalDeploymentTargets"));
}

/* The place of the environment's phase, -1 when it has none. */
static int phase_of(const json_t *lifecycle, const char *environment_id)
{
    const json_t *phases = jv_get(lifecycle, "Phases"), *phase;
    int open = -1;
    size_t i;

    json_array_foreach (phases, i, phase) {
        if (names(phase, environment_id)) return (int)i;
        if (open < 0 && named(phase) == 0) open = (int)i;
    }
    return open;
}

bool lifecycle_allows(const json_t *lifecycle, const char *environment_id)
{
    return json_array_size(jv_get(lifecycle, "Phases")) == 0 ||
           phase_of(lifecycle, environment_id) >= 0;
}

static bool reached(const struct promotion *p, const char *environment_id)
{
    for (size_t i = 0; i < p->n_done; i++)
        if (strcmp(p->done[i], environment_id) == 0) return true;
    return false;
}

static bool phase_done(const struct promotion *p, size_t number)
{
    const json_t *phase = json_array_get(jv_get(p->lifecycle, "Phases"), number), *one;
    int64_t wanted = jv_i64(phase, "MinimumEnvironmentsBeforePromotion", 0), all = 0, good = 0;
    size_t i;

    if (jv_bool(phase, "IsOptionalPhase", false)) return true;
    json_array_foreach (p->environments, i, one) {
        if (phase_of(p->lifecycle, text(one, "Id")) != (int)number) continue;
        all++;
        good += reached(p, text(one, "Id"));
    }
    return good >= (wanted == 0 || wanted > all ? all : wanted);
}

/* NULL: it may go there. Otherwise what it waits for. */
static const char *refusal(struct call *c, const struct promotion *p, const json_t *environment)
{
    const json_t *phases = jv_get(p->lifecycle, "Phases");
    int own = json_array_size(phases) ? phase_of(p->lifecycle, text(environment, "Id")) : 0;

    if (own < 0)
        return arena_fmt(c->arena, "environment '%s' is in no phase of the lifecycle '%s'",
                         text(environment, "Name"), text(p->lifecycle, "Name"));
    for (size_t i = 0; i < (size_t)own; i++)
        if (!phase_done(p, i))
            return arena_fmt(c->arena,
                             "environment '%s' comes after the phase '%s' of the lifecycle '%s', "
                             "which the release has not passed yet",
                             text(environment, "Name"), text(json_array_get(phases, i), "Name"),
                             text(p->lifecycle, "Name"));
    return NULL;
}

int promotion_check(struct db_tx *tx, struct call *c, const json_t *project, const json_t *release,
                    const json_t *environment, const char *member, struct error *e)
{
    CLEANUP(promotion_done) struct promotion p = {0};

    if (promotion_read(tx, c, project, release, &p, e) < 0) return -1;
    const char *why = refusal(c, &p, environment);
    return why ? fail_at(e, member, "%s: %s", member, why) : 0;
}

int promotion_targets(struct db_tx *tx, struct call *c, const json_t *project,
                      const json_t *release, json_t **ret, struct error *e)
{
    CLEANUP(promotion_done) struct promotion p = {0};
    struct document_query q = {.kind = environment_resource.kind,
                               .space_id = c->space_id,
                               .order = DOCUMENT_BY_SORT,
                               .take = -1};
    json_auto_t *all = NULL;
    json_t *list = json_array(), *one;
    size_t i;

    if (promotion_read(tx, c, project, release, &p, e) < 0 ||
        resource_documents(tx, c, &q, &all, e) < 0) {
        json_decref(list);
        return -1;
    }
    json_array_foreach (all, i, one)
        if (refusal(c, &p, one) == NULL) json_array_append(list, one);
    *ret = list;
    return 0;
}
