/* retention.c - see retention.h. */
#include "rules/retention.h"

#include <string.h>

#include "base/map.h"
#include "base/str.h"

#define DAY_MS ((int64_t)24 * 3600 * 1000)

static const struct retention_period forever = {RETENTION_FOREVER, 0};

struct retention_period retention_period_of(const json_t *period, struct retention_period otherwise)
{
    if (!json_is_object(period) || str_same(jv_str(period, "Strategy", "Default"), "Default"))
        return otherwise;
    if (jv_bool(period, "ShouldKeepForever", false)) return forever;
    bool days = str_same(jv_str(period, "Unit", "Days"), "Days");
    return (struct retention_period){days ? RETENTION_DAYS : RETENTION_ITEMS,
                                     jv_i64(period, "QuantityToKeep", 0)};
}

struct retention_period retention_of_lifecycle(const json_t *lifecycle, const char *environment_id,
                                               struct retention_period otherwise)
{
    struct retention_period own =
        retention_period_of(jv_get(lifecycle, "ReleaseRetentionPolicy"), otherwise);
    const json_t *phase;
    size_t i;

    json_array_foreach (jv_get(lifecycle, "Phases"), i, phase)
        if (jv_has(jv_get(phase, "AutomaticDeploymentTargets"), environment_id) ||
            jv_has(jv_get(phase, "OptionalDeploymentTargets"), environment_id))
            return retention_period_of(jv_get(phase, "ReleaseRetentionPolicy"), own);
    return own;
}

/* ${place}: how many newer ones of its group there are. */
static bool keeps(struct retention_period p, int64_t place, int64_t at_ms, int64_t now_ms)
{
    switch (p.unit) {
    case RETENTION_ITEMS: return place < p.quantity;
    case RETENTION_DAYS: return now_ms - at_ms < p.quantity * DAY_MS;
    default: return true;
    }
}

/* ---- releases ---- */

/* What has been seen in an environment, or of a channel's releases that went nowhere. */
struct group {
    int64_t releases;  /* different ones */
    int64_t succeeded; /* different ones that succeeded */
    const char *last;  /* the last that succeeded */
};

static struct group *group_of(struct map *groups, const char *id, struct arena *a)
{
    struct group *g = map_get(groups, id);

    if (g) return g;
    g = ARENA_NEW(a, struct group, 1);
    *g = (struct group){0};
    map_put(groups, id, g);
    return g;
}

/* The newest deployment of a release in an environment speaks for it there. */
static void look_at(const struct retention_execution *d, struct retention_release *r,
                    struct map *groups, struct map *seen, struct arena *a, int64_t now_ms)
{
    struct group *g = group_of(groups, d->environment_id, a);
    const char *pair = arena_fmt(a, "%s/%s", d->environment_id, d->owner_id);

    if (d->succeeded && (g->last == NULL || strcmp(g->last, d->owner_id) != 0)) {
        if (g->succeeded < 2) r->keep = true; /* it stands there, or did before */
        g->succeeded++;
        g->last = d->owner_id;
    }
    if (!d->ended) r->keep = true;
    if (map_get(seen, pair)) return;
    map_put(seen, pair, r);
    struct retention_period p =
        retention_of_lifecycle(r->lifecycle, d->environment_id, r->otherwise);
    if (keeps(p, g->releases++, d->at_ms, now_ms)) r->keep = true;
}

static void look_at_undeployed(struct retention_release *r, struct map *groups, struct arena *a,
                               int64_t now_ms)
{
    struct group *g = group_of(groups, arena_fmt(a, "channel/%s", r->channel_id), a);

    if (keeps(retention_of_lifecycle(r->lifecycle, "", r->otherwise), g->releases++, r->at_ms,
              now_ms))
        r->keep = true;
}

void retention_of_releases(struct retention_release *releases, size_t n,
                           const struct retention_execution *deployments, size_t n_deployments,
                           int64_t now_ms)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct map *by_id = map_new(false), *groups = map_new(false), *seen = map_new(false);
    struct map *deployed = map_new(false);

    for (size_t i = 0; i < n; i++) {
        releases[i].keep = false;
        map_put(by_id, releases[i].id, &releases[i]);
    }
    for (size_t i = 0; i < n_deployments; i++) {
        struct retention_release *r = map_get(by_id, deployments[i].owner_id);
        if (r == NULL) continue;
        map_put(deployed, r->id, r);
        look_at(&deployments[i], r, groups, seen, &a, now_ms);
    }
    for (size_t i = 0; i < n; i++)
        if (map_get(deployed, releases[i].id) == NULL)
            look_at_undeployed(&releases[i], groups, &a, now_ms);
    struct map *all[] = {by_id, groups, seen, deployed};
    for (size_t i = 0; i < ARRAY_LEN(all); i++) map_free(all[i], NULL);
}

/* ---- runs ---- */

void retention_of_runs(struct retention_execution *runs, size_t n, struct retention_period period,
                       int64_t now_ms)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct map *groups = map_new(false);

    for (size_t i = 0; i < n; i++) {
        struct retention_execution *x = &runs[i];
        x->keep = !x->ended;
        if (!x->ended) continue;
        struct group *g = group_of(groups, x->environment_id, &a);
        x->keep = keeps(period, g->releases++, x->at_ms, now_ms);
    }
    map_free(groups, NULL);
}
