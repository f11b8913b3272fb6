/* promotion.c - see promotion.h. */
#include "rules/promotion.h"

#include <string.h>

static const char *const target_members[] = {"AutomaticDeploymentTargets",
                                             "OptionalDeploymentTargets"};
enum { AUTOMATIC, OPTIONAL };

static const json_t *targets(const json_t *phase, int kind)
{
    return jv_get(phase, target_members[kind]);
}

static bool names(const json_t *phase, const char *id)
{
    return jv_has(targets(phase, AUTOMATIC), id) || jv_has(targets(phase, OPTIONAL), id);
}

static bool is_open(const json_t *phase)
{
    return json_array_size(targets(phase, AUTOMATIC)) + json_array_size(targets(phase, OPTIONAL)) ==
           0;
}

/* The place of the environment's phase, -1 when it has none. */
static int phase_of(const json_t *phases, const char *id)
{
    const json_t *phase;
    int open = -1;
    size_t i;

    json_array_foreach (phases, i, phase) {
        if (names(phase, id)) return (int)i;
        if (open < 0 && is_open(phase)) open = (int)i;
    }
    return open;
}

bool lifecycle_allows(const json_t *lifecycle, const char *environment_id)
{
    const json_t *phases = jv_get(lifecycle, "Phases");

    return json_array_size(phases) == 0 || phase_of(phases, environment_id) >= 0;
}

/* ---- resolving ---- */

static json_t *whole(const char *name)
{
    json_t *phase = json_object();

    jv_set_str(phase, "Id", NULL);
    jv_set_str(phase, "Name", name);
    jv_set_i64(phase, "MinimumEnvironmentsBeforePromotion", 0);
    jv_set_bool(phase, "IsOptionalPhase", false);
    return phase;
}

/* Puts the environments of phase ${number} into ${into}. */
static void resolve_phase(const json_t *phases, size_t number, const struct promotion_ids *all,
                          json_t *into)
{
    const json_t *phase = json_array_get(phases, number);
    json_t *lists[] = {json_array(), json_array()};

    for (size_t i = 0; i < all->n; i++) {
        const char *id = all->items[i];
        if (json_array_size(phases) && phase_of(phases, id) != (int)number) continue;
        jv_push(lists[jv_has(targets(phase, AUTOMATIC), id) ? AUTOMATIC : OPTIONAL], jv_string(id));
    }
    for (int kind = AUTOMATIC; kind <= OPTIONAL; kind++)
        jv_set(into, target_members[kind], lists[kind]);
}

json_t *lifecycle_resolve(const json_t *lifecycle, const struct promotion_ids *all)
{
    const json_t *phases = jv_get(lifecycle, "Phases");
    json_t *resolved = json_copy((json_t *)lifecycle), *list = json_array(), *phase;
    size_t i;

    if (json_array_size(phases) == 0) jv_push(list, whole(jv_str(lifecycle, "Name", "")));
    json_array_foreach (phases, i, phase) jv_push(list, json_copy(phase));
    json_array_foreach (list, i, phase) resolve_phase(phases, i, all, phase);
    jv_set(resolved, "Phases", list);
    return resolved;
}

/* ---- progress ---- */

size_t promotion_phases(const struct promotion *p)
{
    return json_array_size(jv_get(p->lifecycle, "Phases"));
}

const json_t *promotion_phase(const struct promotion *p, size_t i)
{
    return json_array_get(jv_get(p->lifecycle, "Phases"), i);
}

static bool reached(const struct promotion *p, const char *id)
{
    for (size_t i = 0; i < p->reached.n; i++)
        if (strcmp(p->reached.items[i], id) == 0) return true;
    return false;
}

/* Environments of the phase, and in how many of them the release has succeeded. */
static int64_t count(const struct promotion *p, size_t number, int64_t *ret_reached)
{
    int64_t all = 0;
    const json_t *one;
    size_t i;

    *ret_reached = 0;
    for (int kind = AUTOMATIC; kind <= OPTIONAL; kind++)
        json_array_foreach (targets(promotion_phase(p, number), kind), i, one) {
            all++;
            *ret_reached += reached(p, json_string_value(one));
        }
    return all;
}

static bool is_complete(const struct promotion *p, size_t number)
{
    int64_t good, all = count(p, number, &good);
    int64_t wanted = jv_i64(promotion_phase(p, number), "MinimumEnvironmentsBeforePromotion", 0);

    return good >= (wanted == 0 || wanted > all ? all : wanted);
}

static bool is_passed(const struct promotion *p, size_t number)
{
    return jv_bool(promotion_phase(p, number), "IsOptionalPhase", false) || is_complete(p, number);
}

/* The first phase before ${number} that is not passed; -1 = all are. */
static int waits_for(const struct promotion *p, size_t number)
{
    for (size_t i = 0; i < number; i++)
        if (!is_passed(p, i)) return (int)i;
    return -1;
}

static bool stopped_by_defect(const struct promotion *p, size_t number)
{
    int64_t good;

    if (!p->has_defect || number == 0) return false;
    (void)count(p, number, &good);
    return good == 0;
}

bool promotion_blocked(const struct promotion *p, size_t phase)
{
    return waits_for(p, phase) >= 0 || stopped_by_defect(p, phase);
}

enum promotion_progress promotion_progress(const struct promotion *p, size_t phase)
{
    int64_t good;

    if (waits_for(p, phase) >= 0) return PROMOTION_PENDING;
    return count(p, phase, &good) > 0 && is_complete(p, phase) ? PROMOTION_COMPLETE
                                                               : PROMOTION_CURRENT;
}

const char *promotion_progress_name(enum promotion_progress progress)
{
    static const char *const texts[] = {"Pending", "Current", "Complete"};

    return texts[progress];
}

const char *promotion_refusal(const struct promotion *p, const char *environment_id,
                              const char *environment_name, struct arena *a)
{
    const char *lifecycle = jv_str(p->lifecycle, "Name", "");
    int own = -1;

    for (size_t i = 0; i < promotion_phases(p) && own < 0; i++)
        if (names(promotion_phase(p, i), environment_id)) own = (int)i;
    if (own < 0)
        return arena_fmt(a, "environment '%s' is in no phase of the lifecycle '%s'",
                         environment_name, lifecycle);
    int before = waits_for(p, (size_t)own);
    if (before >= 0)
        return arena_fmt(a,
                         "environment '%s' comes after the phase '%s' of the lifecycle '%s', which "
                         "the release has not passed yet",
                         environment_name, jv_str(promotion_phase(p, (size_t)before), "Name", ""),
                         lifecycle);
    if (stopped_by_defect(p, (size_t)own))
        return arena_fmt(a,
                         "environment '%s' is in the phase '%s' of the lifecycle '%s', and a "
                         "defect that is not resolved keeps the release from entering it",
                         environment_name, jv_str(promotion_phase(p, (size_t)own), "Name", ""),
                         lifecycle);
    return NULL;
}

/* ---- where it goes next ---- */

static struct promotion_ids next(const struct promotion *p, int last_kind, struct arena *a)
{
    ARENA_LIST(const char *) list = {0};
    const json_t *one;
    size_t i;

    for (size_t number = 0; number < promotion_phases(p); number++) {
        if (promotion_blocked(p, number)) continue;
        for (int kind = AUTOMATIC; kind <= last_kind; kind++)
            json_array_foreach (targets(promotion_phase(p, number), kind), i, one)
                if (!reached(p, json_string_value(one)))
                    *ARENA_ADD(a, &list) = arena_strdup(a, json_string_value(one));
    }
    return (struct promotion_ids){list.items, list.n};
}

struct promotion_ids promotion_next(const struct promotion *p, struct arena *a)
{
    return next(p, OPTIONAL, a);
}

struct promotion_ids promotion_automatic(const struct promotion *p, struct arena *a)
{
    return next(p, AUTOMATIC, a);
}

int64_t promotion_wanted(const struct promotion *p)
{
    for (size_t i = 0; i < promotion_phases(p); i++)
        if (promotion_progress(p, i) == PROMOTION_CURRENT)
            return jv_i64(promotion_phase(p, i), "MinimumEnvironmentsBeforePromotion", 0);
    return 0;
}
