/* user.h - people and service accounts and their API keys: the only home of the SQL of tables
 * app_user and api_key.
 *
 * Keys are kept as hashes (crypt/apikey.h) and passwords as Argon2id texts (crypt/password.h);
 * neither leaves this layer. Usernames are compared without case. Inside a transaction of db.h;
 * texts live in the arena given. Callers write the audit event (event.h) of what they change. */
#ifndef STORE_USER_H
#define STORE_USER_H
#include "base/arena.h"
#include "db/db.h"

struct user {
    const char *id, *username, *display_name, *email;
    const char *password_hash; /* "" = cannot sign in by password */
    const char *identities;    /* JSON array, kept as it was sent; NULL = [] */
    bool is_admin; /* was made as an administrator; what counts is the team (api/teams.h) */
    bool is_service, is_active;
    int64_t created_at, updated_at, row_version;
};

/** "Users-3". */
int user_next_id(struct db_tx *tx, struct arena *a, const char **ret, struct error *e) MUST_USE;
/** ERR_INVALID with where "Username": blank or taken. */
int user_insert(struct db_tx *tx, const struct user *u, struct error *e) MUST_USE;
/** Replaces everything but id, creation time and password. ${expected}: row version seen, -1 = any;
 * ERR_CONFLICT. */
int user_update(struct db_tx *tx, const struct user *u, int64_t expected, struct error *e) MUST_USE;
int user_set_password(struct db_tx *tx, const char *id, const char *password_hash, int64_t now_ms,
                      struct error *e) MUST_USE;
/** Removes the user and the user's keys. ERR_NOT_FOUND. */
int user_remove(struct db_tx *tx, const char *id, struct error *e) MUST_USE;
int user_get(struct db_tx *tx, const char *id, struct arena *a, struct user *ret,
             struct error *e) MUST_USE;
int user_by_name(struct db_tx *tx, const char *username, struct arena *a, struct user *ret,
                 struct error *e) MUST_USE;
/** By username; ${filter}: part of username or display name, NULL = all; ${take} < 0 = all. */
int user_list(struct db_tx *tx, const char *filter, int64_t skip, int64_t take, struct arena *a,
              struct user **ret, size_t *ret_n, int64_t *ret_total, struct error *e) MUST_USE;

/** What is said of the end of a key: each once, and of those that are reached together the last. */
enum api_key_warning { API_KEY_FINE, API_KEY_20_DAYS, API_KEY_10_DAYS, API_KEY_EXPIRED };
struct api_key {
    const char *id, *user_id, *purpose;
    const char *hint;               /* first characters, to tell keys apart */
    int64_t created_at, expires_at; /* UTC ms; expires_at 0 = never */
    enum api_key_warning warned;    /* what has been said */
    const char *username;           /* set by api_key_due */
};
/** What is to be said at ${now_ms} of a key that ends at ${expires_at}. Pure. */
enum api_key_warning api_key_warning(int64_t expires_at, int64_t now_ms);
/** Makes an id ("apikeys-<26 characters>") and stores the hash of ${key}, the key's text.
 * ERR_INVALID: no key by its shape. ERR_CONFLICT: the key is stored already. */
int api_key_insert(struct db_tx *tx, const char *key, const char *user_id, const char *purpose,
                   int64_t created_at, int64_t expires_at, struct arena *a, struct api_key *ret,
                   struct error *e) MUST_USE;
/** Newest first; ${take} < 0 = all. */
int api_key_list(struct db_tx *tx, const char *user_id, int64_t skip, int64_t take, struct arena *a,
                 struct api_key **ret, size_t *ret_n, int64_t *ret_total, struct error *e) MUST_USE;
/** ERR_NOT_FOUND also when it is another user's. */
int api_key_get(struct db_tx *tx, const char *user_id, const char *id, struct arena *a,
                struct api_key *ret, struct error *e) MUST_USE;
int api_key_remove(struct db_tx *tx, const char *user_id, const char *id, struct error *e) MUST_USE;
/** Keys of which more is to be said at ${now_ms} than has been. */
int api_key_due(struct db_tx *tx, int64_t now_ms, struct arena *a, struct api_key **ret,
                size_t *ret_n, struct error *e) MUST_USE;
/** Notes that ${warning} has been said. */
int api_key_warned(struct db_tx *tx, const char *id, enum api_key_warning warning,
                   struct error *e) MUST_USE;
/** The active user of a key that has not expired at ${now_ms}, and when it does (0 = never);
 * ERR_UNAUTHENTICATED otherwise. */
int user_by_api_key(struct db_tx *tx, const char *key, int64_t now_ms, struct arena *a,
                    struct user *ret, int64_t *ret_expires_at, struct error *e) MUST_USE;
#endif
