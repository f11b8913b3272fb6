/* migrate.c - see migrate.h; the command migrate. */
#include "server/migrate.h"

#include <stdio.h>
#include <string.h>

#include "os/file.h"
#include "server/command.h"
#include "store/migrations.h"
#include "store/node.h"

struct alive {
    struct arena arena;
    struct node *list;
    size_t n;
};

static int alive_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct alive *x = ctx;

    return node_alive(tx, &x->arena, &x->list, &x->n, e);
}

/* SQLite belongs to one process. A database without steps has no nodes. */
static int check_nodes(struct db *db, const struct schema_state *s, struct error *e)
{
    struct alive x = {.arena = ARENA_INIT};

    if (strcmp(db_engine(db), "postgres") != 0 || s->applied == 0 || s->applied == s->n) return 0;
    int r = db_read(db, alive_tx, &x, e);
    if (r == 0 && x.n)
        r = fail(e, ERR_CONFLICT,
                 "node %s runs on this database, or did less than 15 s ago, and does not know the "
                 "step %s: stop all nodes, then start this version",
                 x.list->name, s->names[s->applied]);
    arena_done(&x.arena);
    return r;
}

int migrate(struct db *db, struct error *e)
{
    struct schema_state s;

    if (store_schema(db, &s, e) < 0 || check_nodes(db, &s, e) < 0) return -1;
    return store_migrate(db, e);
}

/* ---- the command ---- */

static int run(struct command_call *c, struct error *e)
{
    struct db_options d = {.url = c->o.database};
    CLEANUP(db_closep) struct db *db = NULL;
    struct schema_state s;

    if (dir_make(c->o.data_dir, 0711, e) < 0 || db_open(&d, &db, e) < 0) return -1;
    if (store_schema(db, &s, e) < 0) return -1;
    for (size_t i = s.applied; i < s.n; i++) printf("pending: %s\n", s.names[i]);
    if (s.applied == s.n) {
        printf("The database is of this version (%s): all %zu steps are applied.\n",
               BOBTAIL_VERSION, s.n);
        return 0;
    }
    if (command_value(c, "check"))
        return fail(e, ERR_CONFLICT,
                    "%zu steps are pending: make a backup, then run bobtail-server migrate",
                    s.n - s.applied);
    if (s.applied)
        printf("An older version cannot read the database afterwards; go back by a backup.\n");
    if (migrate(db, e) < 0) return -1;
    printf("%zu steps were applied.\n", s.n - s.applied);
    return 0;
}

const struct command command_migrate = {
    .name = "migrate",
    .run = run,
    .has_settings = true,
    .flags = {{"check", NULL, "only looks: exit code 1 when steps are pending"}},
    .help = "brings the database to this version; run does so too",
};
