/* user.c - see user.h. */
#include "store/user.h"

#include "base/id.h"
#include "crypt/apikey.h"
#include "db/query.h"
#include "store/counter.h"

#define USER_COLUMNS                                                                         \
    "u.id, u.username, u.display_name, u.email, u.password_hash, u.is_admin, u.is_service, " \
    "u.is_active, u.created_at, u.updated_at, u.row_version, u.identities"
#define KEY_COLUMNS "k.id, k.user_id, k.purpose, k.hint, k.created_at, k.expires_at, k.warned"

static void read_user(struct db_rows *r, struct arena *a, struct user *ret)
{
    *ret = (struct user){.id = arena_strdup(a, db_text(r, 0)),
                         .username = arena_strdup(a, db_text(r, 1)),
                         .display_name = arena_strdup(a, db_text(r, 2)),
                         .email = arena_strdup(a, db_text(r, 3)),
                         .password_hash = arena_strdup(a, db_text(r, 4)),
                         .is_admin = db_i64(r, 5) != 0,
                         .is_service = db_i64(r, 6) != 0,
                         .is_active = db_i64(r, 7) != 0,
                         .created_at = db_i64(r, 8),
                         .updated_at = db_i64(r, 9),
                         .row_version = db_i64(r, 10),
                         .identities = arena_strdup(a, db_text(r, 11))};
}

/* ---- users ---- */

static const char SQL_INSERT[] =
    "insert into app_user (id, number, username, username_fold, display_name, display_name_fold, "
    "email, "
    "password_hash, is_admin, is_service, is_active, row_version, created_at, updated_at, "
    "identities) "
    "values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 1, $12, $12, $13)";
static const char SQL_UPDATE[] =
    "update app_user set username = $2, username_fold = $3, display_name = $4, display_name_fold = "
    "$5, "
    "email = $6, is_admin = $7, is_service = $8, is_active = $9, updated_at = $10, "
    "row_version = row_version + 1, identities = $12 "
    "where id = $1 and ($11 < 0 or row_version = $11)";
static const char SQL_TAKEN[] = "select id from app_user where username_fold = $1 and id <> $2";
static const char SQL_PASSWORD[] = "update app_user set password_hash = $2, updated_at = $3, "
                                   "row_version = row_version + 1 where id = $1";
static const char SQL_REMOVE[] = "delete from app_user where id = $1";
static const char SQL_REMOVE_KEYS[] = "delete from api_key where user_id = $1";
static const char SQL_GET[] = "select " USER_COLUMNS " from app_user u where u.id = $1";
static const char SQL_BY_NAME[] =
    "select " USER_COLUMNS " from app_user u where u.username_fold = $1";

int user_next_id(struct db_tx *tx, struct arena *a, const char **ret, struct error *e)
{
    int64_t n;

    if (counter_next(tx, "Users", &n, e) < 0) return -1;
    *ret = arena_fmt(a, "Users-%lld", (long long)n);
    return 0;
}

static int64_t number_of(const char *id)
{
    const char *dash = strrchr(id, '-');
    int64_t n = 0;

    (void)str_i64(dash ? dash + 1 : "", 0, INT64_MAX, &n);
    return n;
}

static int check_username(struct db_tx *tx, const struct user *u, const char *fold, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;

    if (fold[0] == '\0') return fail_at(e, "Username", "the username is blank");
    if (db_query(tx, SQL_TAKEN, ARGS(TEXT(fold), TEXT(u->id)), &rows, e) < 0) return -1;
    int r = db_next(rows, e);
    return r <= 0 ? r : fail_at(e, "Username", "the username '%s' is taken", u->username);
}

static const char *identities_of(const struct user *u)
{
    return u->identities ? u->identities : "[]";
}

int user_insert(struct db_tx *tx, const struct user *u, struct error *e)
{
    CLEANUP(freep) char *fold = str_fold(u->username);
    CLEANUP(freep) char *display_fold = str_fold(u->display_name);

    if (check_username(tx, u, fold, e) < 0) return -1;
    return db_exec(tx, SQL_INSERT,
                   ARGS(TEXT(u->id), I64(number_of(u->id)), TEXT(u->username), TEXT(fold),
                        TEXT(u->display_name), TEXT(display_fold), TEXT(u->email ? u->email : ""),
                        TEXT(u->password_hash ? u->password_hash : ""), I64(u->is_admin),
                        I64(u->is_service), I64(u->is_active), I64(u->created_at),
                        TEXT(identities_of(u))),
                   e) < 0
               ? -1
               : 0;
}

static int stale(struct db_tx *tx, const char *id, int64_t expected, struct error *e)
{
    struct arena a = ARENA_INIT;
    struct user now;

    int r = user_get(tx, id, &a, &now, e);
    if (r == 0)
        r = fail(e, ERR_CONFLICT, "%s has version %lld now, not %lld: read it again", id,
                 (long long)now.row_version, (long long)expected);
    arena_done(&a);
    return r;
}

int user_update(struct db_tx *tx, const struct user *u, int64_t expected, struct error *e)
{
    CLEANUP(freep) char *fold = str_fold(u->username);
    CLEANUP(freep) char *display_fold = str_fold(u->display_name);

    if (check_username(tx, u, fold, e) < 0) return -1;
    int n = db_exec(tx, SQL_UPDATE,
                    ARGS(TEXT(u->id), TEXT(u->username), TEXT(fold), TEXT(u->display_name),
                         TEXT(display_fold), TEXT(u->email ? u->email : ""), I64(u->is_admin),
                         I64(u->is_service), I64(u->is_active), I64(u->updated_at), I64(expected),
                         TEXT(identities_of(u))),
                    e);
    if (n == 0) return stale(tx, u->id, expected, e);
    return n < 0 ? -1 : 0;
}

static int one_row(int n, const char *id, struct error *e)
{
    if (n == 0) return fail(e, ERR_NOT_FOUND, "user %s does not exist", id);
    return n < 0 ? -1 : 0;
}

int user_set_password(struct db_tx *tx, const char *id, const char *password_hash, int64_t now_ms,
                      struct error *e)
{
    int n = db_exec(tx, SQL_PASSWORD, ARGS(TEXT(id), TEXT(password_hash), I64(now_ms)), e);

    return one_row(n, id, e);
}

int user_remove(struct db_tx *tx, const char *id, struct error *e)
{
    if (db_exec(tx, SQL_REMOVE_KEYS, ARGS(TEXT(id)), e) < 0) return -1;
    return one_row(db_exec(tx, SQL_REMOVE, ARGS(TEXT(id)), e), id, e);
}

/* The one user that ${sql} finds by ${value}. */
static int get_by(struct db_tx *tx, const char *sql, const char *value, const char *shown,
                  struct arena *a, struct user *ret, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;

    if (db_query(tx, sql, ARGS(TEXT(value)), &rows, e) < 0) return -1;
    int r = db_next(rows, e);
    if (r == 0) return one_row(0, shown, e);
    if (r < 0) return -1;
    read_user(rows, a, ret);
    return 0;
}

int user_get(struct db_tx *tx, const char *id, struct arena *a, struct user *ret, struct error *e)
{
    return get_by(tx, SQL_GET, id, id, a, ret, e);
}

int user_by_name(struct db_tx *tx, const char *username, struct arena *a, struct user *ret,
                 struct error *e)
{
    CLEANUP(freep) char *fold = str_fold(username);

    return get_by(tx, SQL_BY_NAME, fold, username, a, ret, e);
}

static void add_filter(struct query *q, const char *pattern)
{
    query_add(q, " from app_user u");
    if (pattern == NULL) return;
    query_add1(q, " where (u.username_fold like ? escape '!'", TEXT(pattern));
    query_add1(q, " or u.display_name_fold like ? escape '!')", TEXT(pattern));
}

static int list_page(struct db_tx *tx, const char *pattern, int64_t skip, int64_t take,
                     struct arena *a, struct user **ret, size_t *ret_n, struct error *e)
{
    CLEANUP(query_done) struct query q = QUERY_INIT;
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    ARENA_LIST(struct user) list = {0};
    int r;

    query_add(&q, "select " USER_COLUMNS);
    add_filter(&q, pattern);
    query_add1(&q, " order by u.username_fold limit ?", I64(take < 0 ? INT64_MAX : take));
    query_add1(&q, " offset ?", I64(skip));
    if (query_rows(tx, &q, &rows, e) < 0) return -1;
    while ((r = db_next(rows, e)) > 0) read_user(rows, a, ARENA_ADD(a, &list));
    *ret = list.items;
    *ret_n = list.n;
    return r;
}

int user_list(struct db_tx *tx, const char *filter, int64_t skip, int64_t take, struct arena *a,
              struct user **ret, size_t *ret_n, int64_t *ret_total, struct error *e)
{
    CLEANUP(freep) char *pattern = str_blank(filter) ? NULL : query_like(filter);
    CLEANUP(query_done) struct query count = QUERY_INIT;

    query_add(&count, "select count(*)");
    add_filter(&count, pattern);
    if (query_i64(tx, &count, ret_total, e) < 0) return -1;
    return list_page(tx, pattern, skip, take, a, ret, ret_n, e);
}

/* ---- keys ---- */

static const char SQL_KEY_INSERT[] =
    "insert into api_key (id, user_id, hash, hint, purpose, created_at, expires_at, warned) "
    "values ($1, $2, $3, $4, $5, $6, $7, $8)";
static const char SQL_KEY_LIST[] =
    "select " KEY_COLUMNS " from api_key k where k.user_id = $1 order by k.created_at desc, k.id "
    "limit $2 offset $3";
static const char SQL_KEY_COUNT[] = "select count(*) from api_key where user_id = $1";
static const char SQL_KEY_GET[] =
    "select " KEY_COLUMNS " from api_key k where k.user_id = $1 and k.id = $2";
static const char SQL_KEY_REMOVE[] = "delete from api_key where user_id = $1 and id = $2";
static const char SQL_KEY_DUE[] =
    "select " KEY_COLUMNS ", u.username from api_key k join app_user u on u.id = k.user_id "
    "where k.expires_at > 0 and k.expires_at <= $1 and k.warned < $2 order by k.expires_at, k.id";
static const char SQL_KEY_WARNED[] = "update api_key set warned = $2 where id = $1";
static const char SQL_BY_KEY[] = "select " USER_COLUMNS ", k.hash, k.expires_at from api_key k "
                                 "join app_user u on u.id = k.user_id where k.hash = $1";

static void read_key(struct db_rows *r, struct arena *a, struct api_key *ret)
{
    *ret = (struct api_key){.id = arena_strdup(a, db_text(r, 0)),
                            .user_id = arena_strdup(a, db_text(r, 1)),
                            .purpose = arena_strdup(a, db_text(r, 2)),
                            .hint = arena_strdup(a, db_text(r, 3)),
                            .created_at = db_i64(r, 4),
                            .expires_at = db_i64(r, 5),
                            .warned = (enum api_key_warning)db_i64(r, 6)};
}

#define DAY_MS ((int64_t)24 * 3600 * 1000)
enum api_key_warning api_key_warning(int64_t expires_at, int64_t now_ms)
{
    int64_t left = expires_at - now_ms;

    if (expires_at == 0 || left > 20 * DAY_MS) return API_KEY_FINE;
    if (left > 10 * DAY_MS) return API_KEY_20_DAYS;
    return left > 0 ? API_KEY_10_DAYS : API_KEY_EXPIRED;
}

int api_key_insert(struct db_tx *tx, const char *key, const char *user_id, const char *purpose,
                   int64_t created_at, int64_t expires_at, struct arena *a, struct api_key *ret,
                   struct error *e)
{
    char hash[HASH_TEXT_SIZE], hint[APIKEY_HINT_SIZE], ticket[TICKET_SIZE];

    if (!apikey_valid(key))
        return fail_at(e, "ApiKey",
                       "an API key is \"API-\" and 16 to 124 capital letters and digits");
    struct api_key k = {.id = arena_fmt(a, "apikeys-%s", id_ticket(ticket)),
                        .user_id = arena_strdup(a, user_id),
                        .purpose = arena_strdup(a, purpose ? purpose : ""),
                        .hint = arena_strdup(a, apikey_hint(key, hint)),
                        .created_at = created_at,
                        .expires_at = expires_at,
                        .warned = api_key_warning(expires_at, created_at)};
    if (db_exec(tx, SQL_KEY_INSERT,
                ARGS(TEXT(k.id), TEXT(user_id), TEXT(apikey_hash(key, hash)), TEXT(k.hint),
                     TEXT(k.purpose), I64(created_at), I64(expires_at), I64(k.warned)),
                e) < 0)
        return -1;
    *ret = k;
    return 0;
}

static int key_count(struct db_tx *tx, const char *user_id, int64_t *ret, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;

    if (db_query(tx, SQL_KEY_COUNT, ARGS(TEXT(user_id)), &rows, e) < 0 || db_next(rows, e) < 0)
        return -1;
    *ret = db_i64(rows, 0);
    return 0;
}

int api_key_list(struct db_tx *tx, const char *user_id, int64_t skip, int64_t take, struct arena *a,
                 struct api_key **ret, size_t *ret_n, int64_t *ret_total, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    ARENA_LIST(struct api_key) list = {0};
    int64_t limit = take < 0 ? INT64_MAX : take;
    int r;

    if (key_count(tx, user_id, ret_total, e) < 0 ||
        db_query(tx, SQL_KEY_LIST, ARGS(TEXT(user_id), I64(limit), I64(skip)), &rows, e) < 0)
        return -1;
    while ((r = db_next(rows, e)) > 0) read_key(rows, a, ARENA_ADD(a, &list));
    *ret = list.items;
    *ret_n = list.n;
    return r;
}

static int no_key(const char *id, struct error *e)
{
    return fail(e, ERR_NOT_FOUND, "API key %s does not exist", id);
}

int api_key_get(struct db_tx *tx, const char *user_id, const char *id, struct arena *a,
                struct api_key *ret, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;

    if (db_query(tx, SQL_KEY_GET, ARGS(TEXT(user_id), TEXT(id)), &rows, e) < 0) return -1;
    int r = db_next(rows, e);
    if (r == 0) return no_key(id, e);
    if (r < 0) return -1;
    read_key(rows, a, ret);
    return 0;
}

int api_key_remove(struct db_tx *tx, const char *user_id, const char *id, struct error *e)
{
    int n = db_exec(tx, SQL_KEY_REMOVE, ARGS(TEXT(user_id), TEXT(id)), e);

    if (n == 0) return no_key(id, e);
    return n < 0 ? -1 : 0;
}

int api_key_due(struct db_tx *tx, int64_t now_ms, struct arena *a, struct api_key **ret,
                size_t *ret_n, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    ARENA_LIST(struct api_key) list = {0};
    struct api_key k;
    int r;

    if (db_query(tx, SQL_KEY_DUE, ARGS(I64(now_ms + 20 * DAY_MS), I64(API_KEY_EXPIRED)), &rows, e) <
        0)
        return -1;
    while ((r = db_next(rows, e)) > 0) {
        read_key(rows, a, &k);
        k.username = arena_strdup(a, db_text(rows, 7));
        if (api_key_warning(k.expires_at, now_ms) > k.warned) *ARENA_ADD(a, &list) = k;
    }
    *ret = list.items;
    *ret_n = list.n;
    return r;
}

int api_key_warned(struct db_tx *tx, const char *id, enum api_key_warning warning, struct error *e)
{
    return db_exec(tx, SQL_KEY_WARNED, ARGS(TEXT(id), I64(warning)), e) < 0 ? -1 : 0;
}

static int refuse(const char *why, struct error *e)
{
    return fail(e, ERR_UNAUTHENTICATED, "%s", why);
}

int user_by_api_key(struct db_tx *tx, const char *key, int64_t now_ms, struct arena *a,
                    struct user *ret, int64_t *ret_expires_at, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    char hash[HASH_TEXT_SIZE];
    struct user u;

    if (!apikey_valid(key)) return refuse("this is not an API key", e);
    if (db_query(tx, SQL_BY_KEY, ARGS(TEXT(apikey_hash(key, hash))), &rows, e) < 0) return -1;
    int r = db_next(rows, e);
    if (r < 0) return -1;
    if (r == 0 || !apikey_hash_same(db_text(rows, 12), hash))
        return refuse("the API key is unknown", e);
    int64_t expires_at = db_i64(rows, 13);
    if (expires_at && expires_at <= now_ms) return refuse("the API key has expired", e);
    read_user(rows, a, &u);
    if (!u.is_active) return refuse("the user of this API key is not active", e);
    *ret = u;
    *ret_expires_at = expires_at;
    return 0;
}
