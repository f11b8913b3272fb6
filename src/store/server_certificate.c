/* server_certificate.c - see server_certificate.h. */
#include "store/server_certificate.h"

#include <string.h>

#include "base/time.h"
#include "store/event.h"

#define COLUMNS "thumbprint, certificate, sealed_key, is_current, accepted_until, created_at"
static const char SQL_LIST[] =
    "select " COLUMNS
    " from server_certificate where is_current = 1 or accepted_until > {{NOW_MS}} "
    "order by is_current desc, accepted_until desc, thumbprint";
static const char SQL_ADD[] =
    "insert into server_certificate (" COLUMNS ") values ($1, $2, $3, 1, 0, $4)";
static const char SQL_RETIRE[] = "update server_certificate set is_current = 0, accepted_until = "
                                 "{{NOW_MS}} + $1 where is_current = 1";
static const char SQL_REMOVE[] = "delete from server_certificate where thumbprint = $1";
static const char SQL_END[] = "update server_certificate set accepted_until = $2 where thumbprint "
                              "= $1 and is_current = 0";
static const char SQL_PURGE[] =
    "delete from server_certificate where is_current = 0 and accepted_until <= {{NOW_MS}}";

int server_certificate_list(struct db_tx *tx, struct arena *a, struct server_certificate **ret,
                            size_t *ret_n, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    ARENA_LIST(struct server_certificate) list = {0};
    int r;

    if (db_query(tx, SQL_LIST, NO_ARGS, &rows, e) < 0) return -1;
    while ((r = db_next(rows, e)) > 0)
        *ARENA_ADD(a, &list) =
            (struct server_certificate){.thumbprint = arena_strdup(a, db_text(rows, 0)),
                                        .certificate = arena_strdup(a, db_text(rows, 1)),
                                        .sealed_key = arena_strdup(a, db_text(rows, 2)),
                                        .is_current = db_i64(rows, 3) != 0,
                                        .accepted_until = db_i64(rows, 4),
                                        .created_at = db_i64(rows, 5)};
    if (r < 0) return -1;
    *ret = list.items;
    *ret_n = list.n;
    return 0;
}

/* The current one; NULL when there is none. */
static int current(struct db_tx *tx, struct arena *a, const struct server_certificate **ret,
                   struct error *e)
{
    struct server_certificate *list;
    size_t n;

    if (server_certificate_list(tx, a, &list, &n, e) < 0) return -1;
    *ret = n && list[0].is_current ? &list[0] : NULL;
    return 0;
}

static int add(struct db_tx *tx, const struct server_certificate *c, struct error *e)
{
    return db_exec(
        tx, SQL_ADD,
        ARGS(TEXT(c->thumbprint), TEXT(c->certificate), TEXT(c->sealed_key), I64(c->created_at)),
        e);
}

static int audit(struct db_tx *tx, const struct document_change *by, const char *category,
                 const char *message, const char *thumbprint, struct error *e)
{
    struct event ev = {.space_id = "",
                       .category = category,
                       .user_id = by->user_id,
                       .username = by->username,
                       .occurred_at = by->now_ms,
                       .message = message,
                       .related = &thumbprint,
                       .n_related = 1};

    return event_add(tx, &ev, NULL, e);
}

static int audit_replaced(struct db_tx *tx, const struct document_change *by, const char *new,
                          const struct server_certificate *former, int64_t rotate_ms,
                          struct arena *a, struct error *e)
{
    char until[TIME_TEXT_SIZE];
    const char *rest = former == NULL ? ""
                       : rotate_ms <= 0
                           ? arena_fmt(a, ", in place of %s", former->thumbprint)
                           : arena_fmt(a, ", in place of %s, which counts until %s",
                                       former->thumbprint, time_iso(by->now_ms + rotate_ms, until));

    return audit(tx, by, former ? "Modified" : "Created",
                 arena_fmt(a, "Server certificate is %s now%s", new, rest), new, e);
}

int server_certificate_first(struct db_tx *tx, const struct server_certificate *c, struct error *e)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    const struct server_certificate *there;

    if (current(tx, &a, &there, e) < 0) return -1;
    return there ? 0 : add(tx, c, e);
}

int server_certificate_replace(struct db_tx *tx, const struct server_certificate *c,
                               int64_t rotate_ms, const struct document_change *by, struct error *e)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    const struct server_certificate *there;

    if (current(tx, &a, &there, e) < 0) return -1;
    if (there && strcmp(there->thumbprint, c->thumbprint) == 0)
        return fail(e, ERR_INVALID, "the certificate %s is the server's current one already",
                    c->thumbprint);
    if (db_exec(tx, SQL_RETIRE, ARGS(I64(rotate_ms)), e) < 0 ||
        db_exec(tx, SQL_REMOVE, ARGS(TEXT(c->thumbprint)), e) < 0 ||
        db_exec(tx, SQL_PURGE, NO_ARGS, e) < 0)
        return -1;
    if (add(tx, c, e) < 0) return -1;
    if (audit_replaced(tx, by, c->thumbprint, there, rotate_ms, &a, e) < 0) return -1;
    return there ? 1 : 0;
}

int server_certificate_end(struct db_tx *tx, const char *thumbprint, int64_t until,
                           const struct document_change *by, struct error *e)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    const struct server_certificate *there;
    char text[TIME_TEXT_SIZE];

    if (current(tx, &a, &there, e) < 0) return -1;
    if (there && strcmp(there->thumbprint, thumbprint) == 0)
        return fail(e, ERR_INVALID,
                    "the certificate %s is the server's current one: another one must take its "
                    "place first (new-certificate, import-certificate)",
                    thumbprint);
    int n = db_exec(tx, SQL_END, ARGS(TEXT(thumbprint), I64(until)), e);
    if (n == 0) return fail(e, ERR_NOT_FOUND, "The certificate '%s' was not found.", thumbprint);
    if (n < 0 || db_exec(tx, SQL_PURGE, NO_ARGS, e) < 0) return -1;
    return audit(tx, by, "Modified",
                 arena_fmt(&a, "Former server certificate %s counts until %s", thumbprint,
                           time_iso(until, text)),
                 thumbprint, e);
}
