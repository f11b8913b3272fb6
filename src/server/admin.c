/* admin.c - the command that makes another administrator. */
#include "db/db.h"
#include "os/file.h"
#include "server/command.h"
#include "server/seed.h"
#include "store/migrations.h"

static int create(struct command_call *c, struct error *e)
{
    struct db_options d = {.url = c->o.database};
    struct db *db = NULL;

    if (dir_make(c->o.data_dir, 0711, e) < 0 || db_open(&d, &db, e) < 0) return -1;
    int r = store_migrate(db, e);
    if (r == 0) r = seed_create_admin(db, &c->o, e);
    db_close(db);
    return r;
}

const struct command command_create_admin = {
    .name = "create-admin",
    .run = create,
    .has_settings = true,
    .help = "makes another administrator; the server must not run on SQLite",
};
