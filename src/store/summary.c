/* summary.c - see summary.h. */
#include "store/summary.h"

static const char SQL_SUMMARY[] =
    "select (select count(*) from document), (select count(*) from task), (select count(*) from "
    "app_user), (select count(*) from event), (select count(*) from node)";

int summary_read(struct db_tx *tx, struct summary *ret, struct error *e)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;

    if (db_query(tx, SQL_SUMMARY, NO_ARGS, &rows, e) < 0 || db_next(rows, e) < 0) return -1;
    *ret = (struct summary){.documents = db_i64(rows, 0),
                            .tasks = db_i64(rows, 1),
                            .users = db_i64(rows, 2),
                            .events = db_i64(rows, 3),
                            .nodes = db_i64(rows, 4)};
    return 0;
}
