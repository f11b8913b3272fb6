/* promotion.h - lifecycles: where a release may go, how far it is, and where it goes by itself.
 *
 * An environment belongs to the first phase that names it, else to the first phase that names none;
 * a lifecycle without phases is one phase with every environment. A phase is complete when the
 * release has succeeded in as many of its environments as it wants (0 = all), and passed when it is
 * complete or optional. A release may go to an environment when every phase before that
 * environment's is passed; while a defect of it is not resolved, only within the first phase and
 * within phases where it has succeeded. Pure; any thread. */
#ifndef RULES_PROMOTION_H
#define RULES_PROMOTION_H
#include <stdbool.h>

#include "base/arena.h"
#include "base/json.h"

struct promotion_ids {
    const char **items;
    size_t n;
};

/** The lifecycle with the environments that each phase really has: none is named twice. ${all}: ids
 * of all environments of the space, in order. A new reference. */
json_t *lifecycle_resolve(const json_t *lifecycle, const struct promotion_ids *all);
/** Does a phase have the environment? ${lifecycle} as it is stored. */
bool lifecycle_allows(const json_t *lifecycle, const char *environment_id);

/** A release on its way; all borrowed. */
struct promotion {
    const json_t *lifecycle;      /* resolved */
    struct promotion_ids reached; /* ids of environments where it has succeeded */
    bool has_defect;              /* one that is not resolved */
};
size_t promotion_phases(const struct promotion *p);
const json_t *promotion_phase(const struct promotion *p, size_t i);

enum promotion_progress { PROMOTION_PENDING, PROMOTION_CURRENT, PROMOTION_COMPLETE };
enum promotion_progress promotion_progress(const struct promotion *p, size_t phase);
const char *promotion_progress_name(enum promotion_progress progress);
/** The release may not go there now, whatever the environment. */
bool promotion_blocked(const struct promotion *p, size_t phase);

/** NULL: the release may go there now; otherwise what speaks against it, in ${a}. */
const char *promotion_refusal(const struct promotion *p, const char *environment_id,
                              const char *environment_name, struct arena *a);
/** Where it may go now and has not succeeded yet, in the order of the phases. */
struct promotion_ids promotion_next(const struct promotion *p, struct arena *a);
/** How many of those its next phase wants; 0 = all. */
int64_t promotion_wanted(const struct promotion *p);
/** Those of promotion_next that phases name as automatic. */
struct promotion_ids promotion_automatic(const struct promotion *p, struct arena *a);
#endif
