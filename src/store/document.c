/* document.c - see document.h.
 *
 * Invariants: (1) `reference` holds exactly what the caller said at the last insert or update of
 * from_id; (2) a restricting reference points to a document that is there; (3) name_key and
 * slug_key are unique per kind, space and scope, by constraint. The checks before a write exist for
 * their messages; the constraints and, on PostgreSQL, the serializable transaction keep the rules
 * when two writers race.
 *
 * Reading: document_query.c. */
#include "store/document.h"

#include <stdio.h>

#include "store/counter.h"
#include "store/document_row.h"
#include "store/event.h"

static const char SQL_INSERT[] =
    "insert into document (id, number, kind, space_id, owner_id, name, name_fold, name_key, slug, "
    "slug_key, scope, sort, row_version, created_at, updated_at, doc) "
    "values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 1, $13, $13, $14)";
static const char SQL_UPDATE[] = "update document set space_id = $3, owner_id = $4, name = $5, "
                                 "name_fold = $6, name_key = $7, slug = $8, "
                                 "slug_key = $9, scope = $10, sort = $11, row_version = "
                                 "row_version + 1, updated_at = $12, doc = $13 "
                                 "where id = $1 and kind = $2";
static const char SQL_ID_TAKEN[] = "select kind from document where id = $1";
static const char SQL_NAME_TAKEN[] = "select id from document where kind = $1 and space_id = $2 "
                                     "and scope = $3 and name_key = $4 and id <> $5";
static const char SQL_SLUG_TAKEN[] = "select id from document where kind = $1 and space_id = $2 "
                                     "and scope = $3 and slug_key = $4 and id <> $5";
static const char SQL_UNREFER[] = "delete from reference where from_id = $1";
static const char SQL_REFER[] =
    "insert into reference (from_id, member, to_id, restricts) values ($1, $2, $3, $4) "
    "on conflict (from_id, member, to_id) do nothing";

int document_next_id(struct db_tx *tx, const char *kind, struct arena *a, const char **ret,
                     struct error *e)
{
    int64_t n;

    if (counter_next(tx, kind, &n, e) < 0) return -1;
    *ret = arena_fmt(a, "%s-%lld", kind, (long long)n);
    return 0;
}

int64_t document_number(const char *id)
{
    size_t n = strlen(id), at = n;
    int64_t number = 0;

    while (at > 0 && id[at - 1] >= '0' && id[at - 1] <= '9') at--;
    (void)str_i64(id + at, 0, INT64_MAX, &number);
    return number;
}

/* What is stored, as columns. */
struct columns {
    const char *space_id, *owner_id, *name, *scope;
    char *fold, *slug;
    const char *name_key, *slug_key; /* NULL: need not be unique */
};

static void columns_done(struct columns *c)
{
    freep(&c->fold);
    freep(&c->slug);
}

static void columns_make(struct columns *c, const struct document_write *w)
{
    c->space_id = w->space_id ? w->space_id : "";
    c->owner_id = w->owner_id ? w->owner_id : "";
    c->name = w->name ? w->name : "";
    c->slug = str_fold(w->slug ? w->slug : "");
    c->scope = w->unique & DOCUMENT_UNIQUE_IN_OWNER ? c->owner_id : "";
    c->fold = str_fold(c->name);
    c->name_key = w->unique & DOCUMENT_UNIQUE_NAME ? c->fold : NULL;
    c->slug_key = w->unique & DOCUMENT_UNIQUE_SLUG ? c->slug : NULL;
}

/* 1 = ${sql} finds a row. */
static int exists(struct db_tx *tx, const char *sql, const struct db_value *args, size_t n,
                  struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;

    if (db_query(tx, sql, args, n, &rows, e) < 0) return -1;
    return db_next(rows, e);
}

static const char *name_member(const struct document_write *w)
{
    return w->name_member ? w->name_member : "Name";
}

static int check_free(struct db_tx *tx, const struct document_write *w, const struct columns *c,
                      const char *noun, struct error *e)
{
    int r = 0;

    if (c->name_key) {
        if (c->fold[0] == '\0')
            return fail_at(e, name_member(w), "the name of the %s is blank", noun);
        r = exists(
            tx, SQL_NAME_TAKEN,
            ARGS(TEXT(w->kind), TEXT(c->space_id), TEXT(c->scope), TEXT(c->name_key), TEXT(w->id)),
            e);
        if (r > 0)
            return fail_at(e, name_member(w), "there is a %s named '%s' already", noun, c->name);
    }
    if (r == 0 && c->slug_key) {
        r = exists(
            tx, SQL_SLUG_TAKEN,
            ARGS(TEXT(w->kind), TEXT(c->space_id), TEXT(c->scope), TEXT(c->slug_key), TEXT(w->id)),
            e);
        if (r > 0)
            return fail_at(e, "Slug", "there is a %s with the slug '%s' already", noun, c->slug);
    }
    return r;
}

static int put_references(struct db_tx *tx, const struct document_write *w, struct error *e)
{
    for (size_t i = 0; i < w->n_references; i++) {
        const struct document_reference *to = &w->references[i];
        if (to->restricts && strcmp(to->to_id, w->id) != 0) {
            int found = exists(tx, SQL_ID_TAKEN, ARGS(TEXT(to->to_id)), e);
            if (found == 0) return fail_at(e, to->member, "%s does not exist", to->to_id);
            if (found < 0) return -1;
        }
        if (db_exec(tx, SQL_REFER,
                    ARGS(TEXT(w->id), TEXT(to->member), TEXT(to->to_id), I64(to->restricts)),
                    e) < 0)
            return -1;
    }
    return 0;
}

/* ---- the audit ---- */

static const char *noun_of(const struct document_change *by, const char *kind)
{
    return by->noun ? by->noun : kind;
}

/* What an event is about besides its document: what people look for events by. */
static bool is_looked_for(const char *id)
{
    static const char *const kinds[] = {"Projects-", "ProjectGroups-", "Environments-", "Tenants-",
                                        "Releases-", "Channels-",      "Runbooks-"};

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (str_starts(id, kinds[i])) return true;
    return false;
}

static const char SQL_REFERRED[] =
    "select distinct to_id from reference where from_id = $1 and to_id like '%s-%' order by to_id";

enum { RELATED_MAX = 50 };

static int find_related(struct db_tx *tx, const struct document *d, struct arena *a,
                        const char *ret[RELATED_MAX], size_t *ret_n, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    size_t n = 0;
    int r;

    ret[n++] = d->id;
    if (d->owner_id[0]) ret[n++] = d->owner_id;
    if (db_query(tx, SQL_REFERRED, ARGS(TEXT(d->id)), &rows, e) < 0) return -1;
    while ((r = db_next(rows, e)) > 0)
        if (n < RELATED_MAX && is_looked_for(db_text(rows, 0)))
            ret[n++] = arena_strdup(a, db_text(rows, 0));
    *ret_n = n;
    return r;
}

static int audit(struct db_tx *tx, const struct document_change *by, const char *category,
                 const char *verb, const struct document *d, struct error *e)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    const char *related[RELATED_MAX], *noun = noun_of(by, d->kind),
                                      *name = d->name[0] ? d->name : d->id;
    const char *text = arena_fmt(&a, "%s %s was %s", noun, name, verb);
    struct event ev = {.space_id = d->space_id,
                       .category = category,
                       .user_id = by->user_id,
                       .username = by->username,
                       .author = by->author,
                       .occurred_at = by->now_ms,
                       .message = by->message ? by->message : text,
                       .name = by->message ? NULL : text + strlen(noun) + 1,
                       .name_n = by->message ? 0 : strlen(name),
                       .related = related,
                       .details = by->details};

    if (find_related(tx, d, &a, related, &ev.n_related, e) < 0) return -1;
    return event_add(tx, &ev, NULL, e);
}

/* ---- insert, update ---- */

/* A constraint that fails after the checks: another writer was faster. */
static int raced(const struct document_write *w, struct error *e)
{
    if (e->kind != ERR_CONFLICT) return -1;
    if (strstr(e->text, "slug_key"))
        return fail_at(e, "Slug", "the slug '%s' was taken just now", w->slug);
    if (strstr(e->text, "name_key"))
        return fail_at(e, name_member(w), "the name '%s' was taken just now", w->name);
    return fail(e, ERR_CONFLICT, "%s exists already", w->id);
}

static int insert_row(struct db_tx *tx, const struct document_write *w, const struct columns *c,
                      int64_t now_ms, struct error *e)
{
    int n = db_exec(tx, SQL_INSERT,
                    ARGS(TEXT(w->id), I64(document_number(w->id)), TEXT(w->kind), TEXT(c->space_id),
                         TEXT(c->owner_id), TEXT(c->name), TEXT(c->fold), TEXT(c->name_key),
                         TEXT(c->slug), TEXT(c->slug_key), TEXT(c->scope), I64(w->sort),
                         I64(now_ms), TEXT(w->body)),
                    e);

    return n < 0 ? raced(w, e) : 0;
}

int document_insert(struct db_tx *tx, const struct document_write *w,
                    const struct document_change *by, struct arena *a, struct document *ret,
                    struct error *e)
{
    CLEANUP(columns_done) struct columns c;

    columns_make(&c, w);
    int taken = exists(tx, SQL_ID_TAKEN, ARGS(TEXT(w->id)), e);
    if (taken > 0) return fail(e, ERR_CONFLICT, "%s exists already", w->id);
    if (taken < 0 || check_free(tx, w, &c, noun_of(by, w->kind), e) < 0 ||
        insert_row(tx, w, &c, by->now_ms, e) < 0 || put_references(tx, w, e) < 0 ||
        document_get(tx, w->kind, w->id, a, ret, e) < 0)
        return -1;
    return audit(tx, by, "Created", "created", ret, e);
}

static int update_row(struct db_tx *tx, const struct document_write *w, const struct columns *c,
                      int64_t now_ms, struct error *e)
{
    int n =
        db_exec(tx, SQL_UPDATE,
                ARGS(TEXT(w->id), TEXT(w->kind), TEXT(c->space_id), TEXT(c->owner_id),
                     TEXT(c->name), TEXT(c->fold), TEXT(c->name_key), TEXT(c->slug),
                     TEXT(c->slug_key), TEXT(c->scope), I64(w->sort), I64(now_ms), TEXT(w->body)),
                e);

    return n < 0 ? raced(w, e) : 0;
}

int document_update(struct db_tx *tx, const struct document_write *w, int64_t expected,
                    const struct document_change *by, struct arena *a, struct document *ret,
                    struct error *e)
{
    CLEANUP(columns_done) struct columns c;
    struct document before;

    columns_make(&c, w);
    if (document_get(tx, w->kind, w->id, a, &before, e) < 0) return -1;
    if (expected >= 0 && before.row_version != expected)
        return fail(e, ERR_CONFLICT, "%s has version %lld now, not %lld: read it again", w->id,
                    (long long)before.row_version, (long long)expected);
    if (check_free(tx, w, &c, noun_of(by, w->kind), e) < 0 ||
        update_row(tx, w, &c, by->now_ms, e) < 0 ||
        db_exec(tx, SQL_UNREFER, ARGS(TEXT(w->id)), e) < 0 || put_references(tx, w, e) < 0 ||
        document_get(tx, w->kind, w->id, a, ret, e) < 0)
        return -1;
    return audit(tx, by, "Modified", "changed", ret, e);
}

/* ---- delete ---- */

/* A document and everything below it, in one recursive statement each. */
#define FAMILY                                                                    \
    "with recursive family (id) as (select id from document where id = $1 union " \
    "select d.id from document d join family f on d.owner_id = f.id) "
static const char SQL_USERS[] = FAMILY
    "select distinct d.name, d.id, d.number from reference r join document d on d.id = r.from_id "
    "where r.restricts = 1 and r.to_id in (select id from family) "
    "and r.from_id not in (select id from family) order by d.name, d.id";
static const char SQL_DELETE_REFERENCES[] =
    FAMILY "delete from reference where from_id in (select id from family)";
static const char SQL_DELETE[] = FAMILY "delete from document where id in (select id from family)";

enum { USERS_NAMED = 5 };

static int check_unused(struct db_tx *tx, const struct document *d, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    CLEANUP(buf_done) struct buf text = BUF_INIT(350);
    int r, n = 0;

    if (db_query(tx, SQL_USERS, ARGS(TEXT(d->id)), &rows, e) < 0) return -1;
    while ((r = db_next(rows, e)) > 0) {
        if (++n > USERS_NAMED) continue;
        bool named = db_text(rows, 0)[0] != '\0';
        buf_adds(&text, n > 1 ? ", " : "");
        if (named) buf_addf(&text, "%.40s (%s)", db_text(rows, 0), db_text(rows, 1));
        else buf_adds(&text, db_text(rows, 1));
    }
    if (r < 0 || n == 0) return r;
    if (n > USERS_NAMED) buf_addf(&text, " and %d more", n - USERS_NAMED);
    return fail(e, ERR_INVALID, "%.100s is used by %s", d->name[0] ? d->name : d->id,
                buf_str(&text));
}

int document_delete(struct db_tx *tx, const char *kind, const char *id,
                    const struct document_change *by, struct error *e)
{
    struct arena a = ARENA_INIT;
    struct document d;

    int r = document_get(tx, kind, id, &a, &d, e);
    if (r == 0) r = check_unused(tx, &d, e);
    if (r == 0) r = audit(tx, by, "Deleted", "deleted", &d, e);
    if (r == 0 && (db_exec(tx, SQL_DELETE_REFERENCES, ARGS(TEXT(id)), e) < 0 ||
                   db_exec(tx, SQL_DELETE, ARGS(TEXT(id)), e) < 0))
        r = -1;
    arena_done(&a);
    return r;
}
