/* integrity.c - see integrity.h. */
#include "store/integrity.h"

#include <stdio.h>
#include <string.h>

static const char SQL_CHECK[] = "pragma integrity_check";
static const char SQL_DANGLING[] =
    "select r.from_id, r.member, r.to_id from reference r where r.restricts = 1 and not exists "
    "(select 1 from document d where d.id = r.to_id) order by 1, 2, 3";
static const char SQL_ORPHANED[] =
    "select distinct r.from_id from reference r where not exists (select 1 from document d where "
    "d.id = r.from_id) order by 1";

int integrity_database(struct db_tx *tx, integrity_told *told, void *ctx, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    int r;

    if (strcmp(db_tx_engine(tx), "sqlite") != 0) return 0;
    if (db_query(tx, SQL_CHECK, NO_ARGS, &rows, e) < 0) return -1;
    while ((r = db_next(rows, e)) > 0)
        if (strcmp(db_text(rows, 0), "ok") != 0) told(ctx, db_text(rows, 0));
    return r;
}

int integrity_references(struct db_tx *tx, integrity_told *told, void *ctx, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *dangling = NULL, *orphaned = NULL;
    char text[700];
    int r;

    if (db_query(tx, SQL_DANGLING, NO_ARGS, &dangling, e) < 0) return -1;
    while ((r = db_next(dangling, e)) > 0) {
        snprintf(text, sizeof(text), "%s: %s names %s, which is not there", db_text(dangling, 0),
                 db_text(dangling, 1), db_text(dangling, 2));
        told(ctx, text);
    }
    if (r < 0 || db_query(tx, SQL_ORPHANED, NO_ARGS, &orphaned, e) < 0) return -1;
    while ((r = db_next(orphaned, e)) > 0) {
        snprintf(text, sizeof(text), "references of %s are there, but not %s itself",
                 db_text(orphaned, 0), db_text(orphaned, 0));
        told(ctx, text);
    }
    return r;
}
