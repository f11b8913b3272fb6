/* permit.h - what the caller may do with one thing, and what of it lists may show.
 *
 * The router has asked whether the caller holds the route's permission in the space at all. A grant
 * may be restricted to some projects and environments: here the thing itself is judged. What the
 * caller may not even view looks as if it were not there. */
#ifndef API_PERMIT_H
#define API_PERMIT_H
#include "api/resource.h"

/** ERR_DENIED that names the caller, the permission and what it is missing for (NULL: nothing). */
int permit_denied(const struct call *c, const char *permission, const char *what, struct error *e);

/** Does the caller hold ${permission} in ${space_id} (NULL: for what is in no space) without a
 * restriction? */
bool permit_holds(const struct call *c, const char *permission, const char *space_id);

/** ERR_DENIED when the user holds what the caller does not: whoever may change a user could act as
 * that user. Not within a transaction. */
int permit_user(const struct call *c, const char *user_id, struct error *e) MUST_USE;

/** The route asks for no permission, or the caller may do everything: nothing is judged. */
bool permit_is_free(const struct call *c);
/** May the caller do what the route is for with the stored document ${doc} of kind ${r}?
 * ERR_NOT_FOUND, which names it as ${asked}, when it may not view it; else ERR_DENIED. ${part}: the
 * document is only a part of what the route is about, like the project of a deployment; what it
 * does not say is not judged. */
int permit_document(struct db_tx *tx, const struct call *c, const struct resource *r,
                    const json_t *doc, const char *asked, bool part, struct error *e) MUST_USE;
/** The same for a document that is about to be stored: ERR_DENIED when the caller may not.
 * ${permission}: what is needed, NULL: that of the route. */
int permit_new(struct db_tx *tx, const struct call *c, const char *permission,
               const struct resource *r, const json_t *doc, struct error *e) MUST_USE;
/** May the caller do ${permission} with a stored document? 1, 0. */
int permit_may(struct db_tx *tx, const struct call *c, int permission, const struct resource *r,
               const json_t *doc, struct error *e) MUST_USE;
/** The same for what is no document: ${s} says what it is about; its group is looked up. */
int permit_subject(struct db_tx *tx, const struct call *c, struct subject *s, const char *asked,
                   struct error *e) MUST_USE;

/** May the caller do ${permission} with what is about ${s}? 1, 0. */
int permit_about(struct db_tx *tx, const struct call *c, const char *permission, struct subject *s,
                 struct error *e) MUST_USE;
/** The spaces that the caller may know of: NULL = all. In the call's arena. */
void permit_spaces(const struct call *c, const char *const **ret, size_t *ret_n);
/** The parts that a list of the route may show in ${space_id} (NULL: in all and none). In the
 * call's arena. */
struct visible_parts permit_visible(const struct call *c, const char *space_id);
/** The same of a list that is a part of the answer: by ${permission}. */
struct visible_parts permit_visible_by(const struct call *c, const char *permission,
                                       const char *space_id);
#endif
