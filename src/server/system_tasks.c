/* system_tasks.c - see system_tasks.h. */
#include "server/system_tasks.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/app.h"
#include "base/time.h"
#include "base/vec.h"
#include "engine/retention.h"
#include "os/file.h"
#include "server/backup.h"
#include "server/integrity.h"

/* ---- integrity ---- */

static void note(void *ctx, bool bad, const char *text)
{
    system_task_say(ctx, bad ? LOG_CAT_ERROR : LOG_CAT_INFO, "%s", text);
}

static int check_integrity(struct system_task *t, struct error *e)
{
    const struct app *app = system_task_app(t);
    struct integrity x = {
        .db = app->db, .key = app->key, .blobs_path = app->blobs->folder, .told = note, .ctx = t};

    if (integrity_run(&x, e) < 0) return -1;
    if (x.problems == 0) return 0;
    return fail(e, ERR_CORRUPT, "%lld problems were found", (long long)x.problems);
}

/* ---- backup ---- */

#define PREFIX "bobtail-"
#define SUFFIX ".tar"

static void warn(void *ctx, const char *text) { system_task_say(ctx, LOG_CAT_WARNING, "%s", text); }

typedef VEC(char *) names;

static int newest_first(const void *a, const void *b)
{
    return strcmp(*(char *const *)b, *(char *const *)a);
}

static int list_backups(const char *folder, names *ret, struct error *e)
{
    DIR *dir = opendir(folder);

    if (dir == NULL) return fail_errno(e, errno, "open folder %s", folder);
    for (struct dirent *d; (d = readdir(dir)) != NULL;)
        if (str_starts(d->d_name, PREFIX) && str_ends(d->d_name, SUFFIX))
            VEC_PUSH(ret, xstrdup(d->d_name));
    closedir(dir);
    if (ret->n) qsort(ret->items, ret->n, sizeof(*ret->items), newest_first);
    return 0;
}

/* Removes all but the newest ${keep}. */
static int remove_old(const char *folder, int64_t keep, struct system_task *t, struct error *e)
{
    names list = {0};
    int r = list_backups(folder, &list, e);

    for (size_t i = 0; i < list.n; i++) {
        CLEANUP(freep) char *path = path_join(folder, list.items[i]);
        if ((int64_t)i >= keep && r == 0) {
            if (unlink(path) < 0) r = fail_errno(e, errno, "remove %s", path);
            else system_task_say(t, LOG_CAT_INFO, "removed the old backup %s", list.items[i]);
        }
        free(list.items[i]);
    }
    VEC_DONE(&list);
    return r;
}

static int back_up(struct system_task *t, struct error *e)
{
    const struct options *o = ((const struct app *)system_task_app(t))->options;
    struct backup_result done;
    char at[TIME_TEXT_SIZE];

    if (o->backup_folder[0] == '\0')
        return fail(e, ERR_INVALID,
                    "no folder for backups is set: the setting backup-folder names it");
    time_iso(system_task_now(t), at);
    CLEANUP(freep)
    char *to = xasprintf("%s/" PREFIX "%.10sT%.2s%.2s%.2sZ" SUFFIX, o->backup_folder, at, at + 11,
                         at + 14, at + 17);
    struct backup_request r = {.o = o, .to = to, .warn = warn, .ctx = t};
    if (dir_make(o->backup_folder, 0700, e) < 0 || backup_write(&r, &done, e) < 0) return -1;
    system_task_say(t, LOG_CAT_INFO, "%s has %lld bytes with the database and %lld blobs", to,
                    (long long)done.bytes, (long long)done.blobs);
    return remove_old(o->backup_folder, o->backup_keep, t, e);
}

#define HOUR_MS ((int64_t)3600 * 1000)

const struct system_task_kind system_tasks[] = {
    {"Retention", "Apply retention policies", retention_run, 4 * HOUR_MS},
    {"Backup", "Back up the installation", back_up, 0},
    {"SystemIntegrityCheck", "Check the integrity of all that is stored", check_integrity, 0},
    {.kind = NULL},
};
