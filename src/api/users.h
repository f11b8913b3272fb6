/* users.h - what the files about users share. */
#ifndef API_USERS_H
#define API_USERS_H
#include "api/resource.h"
#include "store/user.h"

/** The answer for a user. New reference. */
json_t *users_document(const struct call *c, const struct user *u);
/** ERR_NOT_FOUND as clients expect it. */
int users_read(struct db_tx *tx, struct call *c, const char *id, struct user *ret,
               struct error *e) MUST_USE;
/** 0 when the caller is user ${id}, or may do ${permission} with others; ERR_DENIED. Who changes
 * another must be able to do all that the other can. "": with others at all. Not within a
 * transaction unless ${id} is "". */
int users_permit(struct call *c, const char *id, const char *permission, struct error *e) MUST_USE;
/** Writes the audit event ${message} about user ${u}, by the caller, in the transaction of the
 * change. ${related}: another id that it is about; NULL: none. */
int users_audit(struct db_tx *tx, struct call *c, const char *category, const struct user *u,
                const char *related, const char *message, struct error *e) MUST_USE;
/* user_changes.c */
int users_create(struct call *c, struct error *e);
int users_update(struct call *c, struct error *e);
int users_delete(struct call *c, struct error *e);
/** Makes the password hash of a new user or of a changed one. ERR_INVALID: too short, too long, the
 * user's name. Takes some 20-50 ms: not within a transaction. In the arena. */
int users_hash_password(struct call *c, const char *username, const char *password,
                        const char **ret, struct error *e) MUST_USE;
/** Stores a user out of the decoded ${doc}, by the caller. */
int users_insert(struct db_tx *tx, struct call *c, const json_t *doc, const char *password_hash,
                 struct user *ret, struct error *e) MUST_USE;
#endif
