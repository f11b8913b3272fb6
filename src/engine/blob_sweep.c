/* blob_sweep.c - blobs that no row names any more: their artifact, or the space of it, was deleted.
 * At the start, once a day and after a space was emptied those are removed that nobody has stored
 * for a day.
 *
 * Who needs a blob stores it, which gives it a new file, before a row names it. So an old file that
 * no row named is not needed, unless somebody stores it at this very moment: it is set aside first,
 * and what turns out to be new then is put back. What was set aside when the server was killed is
 * put back, or removed, by the next sweep. Nodes share the folder; they may sweep at once. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/log.h"
#include "engine/engine_priv.h"
#include "store/blob_use.h"

#define DAY_MS ((int64_t)24 * 3600 * 1000)
#define AGE_MS FAULT_NUMBER("BOBTAIL_FAULT_BLOB_AGE_MS", DAY_MS)
#define ASIDE ".aside"
#define NAME_LENGTH 62 /* of a blob in the folder of its first two digits */

struct sweep {
    struct engine *g;
    struct arena arena;
    struct {
        const char **items; /* hashes */
        size_t n, cap;
    } old, aside;
    const char **used; /* sorted */
    size_t n_used, removed;
};

static bool is_old(const struct sweep *s, const struct stat *st)
{
    int64_t at = (int64_t)st->st_mtim.tv_sec * 1000 + st->st_mtim.tv_nsec / 1000000;

    return at + AGE_MS <= clock_now(s->g->o.clock);
}

static void look_at(struct sweep *s, int dirfd, const char *prefix, const char *name)
{
    bool aside = strcmp(name + NAME_LENGTH, ASIDE) == 0;
    struct stat st;

    if (!aside && name[NAME_LENGTH] != '\0') return;
    if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode)) return;
    const char *hash = arena_fmt(&s->arena, "%s%.*s", prefix, NAME_LENGTH, name);
    if (aside) *ARENA_ADD(&s->arena, &s->aside) = hash;
    else if (is_old(s, &st)) *ARENA_ADD(&s->arena, &s->old) = hash;
}

static void look_into(struct sweep *s, const char *prefix)
{
    CLEANUP(freep) char *path = xasprintf("%s/%s", s->g->o.blobs_path, prefix);
    DIR *d = opendir(path);
    const struct dirent *entry;

    if (d == NULL) return; /* no blob begins like that */
    while ((entry = readdir(d)) != NULL)
        if (strlen(entry->d_name) >= NAME_LENGTH) look_at(s, dirfd(d), prefix, entry->d_name);
    closedir(d);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool is_used(const struct sweep *s, const char *hash)
{
    return s->n_used && bsearch(&hash, s->used, s->n_used, sizeof(*s->used), by_text) != NULL;
}

/* Moves it back, unless it has been stored again. */
static void put_back(const char *aside, const char *path)
{
    if (link(aside, path) < 0 && errno != EEXIST)
        log_warn("engine", "cannot put back %s (error %d)", path, errno);
    else unlink(aside);
}

static void remove_one(struct sweep *s, const char *hash, bool is_aside)
{
    CLEANUP(freep) char *path = xasprintf("%s/%.2s/%s", s->g->o.blobs_path, hash, hash + 2);
    CLEANUP(freep) char *aside = xasprintf("%s" ASIDE, path);
    struct stat st;

    if (!is_aside && rename(path, aside) < 0) return; /* another node was faster */
    if (stat(aside, &st) == 0 && (is_used(s, hash) || !is_old(s, &st))) {
        put_back(aside, path);
        return;
    }
    s->removed += unlink(aside) == 0;
}

static int used_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct sweep *s = ctx;

    return blob_use_list(tx, &s->arena, &s->used, &s->n_used, e);
}

static void sweep_blobs(struct engine *g)
{
    struct sweep s = {.g = g, .arena = ARENA_INIT};
    struct error e = {0};
    char prefix[3];

    for (int i = 0; i < 256; i++) {
        snprintf(prefix, sizeof(prefix), "%02x", (unsigned)i & 0xFF);
        look_into(&s, prefix);
    }
    if (s.old.n + s.aside.n == 0) {
        arena_done(&s.arena);
        return;
    }
    if (db_read(g->o.db, used_tx, &s, &e) < 0) {
        log_warn("engine", "cannot look for blobs that nobody needs: %s", e.text);
    } else {
        for (size_t i = 0; i < s.aside.n; i++) remove_one(&s, s.aside.items[i], true);
        for (size_t i = 0; i < s.old.n; i++)
            if (!is_used(&s, s.old.items[i])) remove_one(&s, s.old.items[i], false);
    }
    if (s.removed) log_info("engine", "removed %zu blobs that nobody needed", s.removed);
    arena_done(&s.arena);
}

static void once_work(void *ctx) { sweep_blobs(ctx); }
void engine_sweep_blobs(struct engine *g) { work_post(g->work, once_work, g); }

static void due(void *ctx, const char *key);
static void daily_work(void *ctx)
{
    struct engine *g = ctx;

    sweep_blobs(g);
    timers_at(g->timers, clock_mono(g->o.clock) + DAY_MS, due, g, NULL);
}

static void due(void *ctx, const char *key)
{
    (void)key;
    work_post(((struct engine *)ctx)->work, daily_work, ctx);
}

void engine_sweep_blobs_daily(struct engine *g) { due(g, NULL); }
