/* promotion.h - a release and its lifecycle, as they are in the database; the rules are in
 * rules/promotion.h. */
#ifndef API_PROMOTION_H
#define API_PROMOTION_H
#include "api/resource.h"
#include "rules/promotion.h"

/** How far a release is. */
struct standing {
    struct promotion p;
    json_t *lifecycle; /* resolved; owned */
};
void standing_done(struct standing *s);
/** Ids of all environments of the call's space, in order. */
int environment_ids(struct db_tx *tx, struct call *c, struct promotion_ids *ret,
                    struct error *e) MUST_USE;
/** The lifecycle of the release's channel, else of the project, as it is stored. */
int lifecycle_of_release(struct db_tx *tx, struct call *c, const json_t *project,
                         const json_t *release, json_t **ret, struct error *e) MUST_USE;
int standing_read(struct db_tx *tx, struct call *c, const json_t *project, const json_t *release,
                  struct standing *ret, struct error *e) MUST_USE;
/** The same with a ${lifecycle} that is known and resolved already; takes it over. */
int standing_in(struct db_tx *tx, struct call *c, json_t *lifecycle, const char *release_id,
                struct standing *ret, struct error *e) MUST_USE;

/** ERR_INVALID at ${member} when the lifecycle does not let the release go to ${environment} now.
 */
int promotion_check(struct db_tx *tx, struct call *c, const json_t *project, const json_t *release,
                    const json_t *environment, const char *member, struct error *e) MUST_USE;
/** Environments where it may go now, stored documents in order. New reference. */
int promotion_targets(struct db_tx *tx, struct call *c, const json_t *project,
                      const json_t *release, json_t **ret, struct error *e) MUST_USE;

/** Makes the next deployments that a lifecycle asks for by itself (engine_options.promote); ${app}:
 * struct app, whose engine need not be there yet. */
int automatic_deployments(void *app, struct error *e) MUST_USE;

/* defects.c */

/** 1 = a defect of the release is reported and not resolved. */
int defect_of_release(struct db_tx *tx, struct call *c, const char *release_id,
                      struct error *e) MUST_USE;
#endif
