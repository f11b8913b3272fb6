/* dump.c - see dump.h.
 *
 * The blobs are copied after the dump: each is durable before the row that names it, so the copy
 * has all that the dump names. The check does not need a database: pg_restore prints the rows of
 * the dump as COPY texts. */
#include "server/dump.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "server/master_key.h"
#include "store/blob_use.h"

extern char **environ;

/* ---- what to run ---- */

static const char *shown(const struct options *o, struct arena *a)
{
    CLEANUP(buf_done) struct buf url = BUF_INIT(64 * KiB);

    options_add_url(&url, o->database);
    return arena_strdup(a, buf_str(&url));
}

void dump_print_backup(const struct options *o, const char *folder)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;

    printf("The database is PostgreSQL, whose own programs make the backup; the server may run "
           "meanwhile.\nRun in this order:\n\n  mkdir -m 700 -p '%s'\n  pg_dump --format=custom "
           "--file='%s/bobtail.dump' '%s'\n  rsync -a '%s/blobs' '%s/'\n",
           folder, folder, shown(o, &a), o->data_dir, folder);
    if (access(o->config, R_OK) == 0) printf("  cp '%s' '%s/'\n", o->config, folder);
    printf("  bobtail-server backup --check '%s'\n\n", folder);
    printf("Keep the master key %s apart from it (bobtail-server show-master-key).\n",
           master_key_path(o, &a));
}

void dump_print_restore(const struct options *o, const char *folder)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;

    printf("The database is PostgreSQL, whose own programs put the backup back. Stop all nodes, "
           "then run in this order:\n\n  bobtail-server restore --check '%s'\n  dropdb and "
           "createdb, or name a new, empty database by --database\n  pg_restore --no-owner "
           "--exit-on-error --dbname='%s' '%s/bobtail.dump'\n  rsync -a '%s/blobs' '%s/'\n  put "
           "the master key to %s\n  bobtail-server restore --finish\n",
           folder, shown(o, &a), folder, folder, o->data_dir, master_key_path(o, &a));
}

/* ---- the rows of a dump ---- */

struct rows {
    struct arena *a;
    ARENA_LIST(const char *) hashes;
    int column;   /* of the COPY that is being read; -1 = not one of blobs */
    bool in_copy; /* within some COPY */
    bool seen[16];
};

/* "COPY public.artifact (id, number, content) FROM stdin;": which column is it? */
static int column_of(struct str line, const char *table, const char *column)
{
    struct str name, rest = line, one;
    int at = 0;

    if (!str_cut(&rest, '(', &name)) return -1;
    name = str_trim(name);
    size_t n = strlen(table);
    if (name.n < n + 1 || memcmp(name.p + name.n - n, table, n) != 0 ||
        name.p[name.n - n - 1] != '.')
        return -1;
    if (!str_cut(&rest, ')', &one)) return -1;
    for (struct str names = one; str_cut(&names, ',', &one); at++)
        if (str_eq(str_trim(one), column)) return at;
    return -1;
}

static void begin_copy(struct rows *r, struct str line)
{
    r->in_copy = true;
    r->column = -1;
    for (size_t i = 0; blob_columns[i].table && r->column < 0; i++) {
        r->column = column_of(line, blob_columns[i].table, blob_columns[i].column);
        if (r->column >= 0) r->seen[i] = true;
    }
}

static void take_row(struct rows *r, struct str line)
{
    struct str field = {"", 0};

    for (int i = 0; i <= r->column; i++)
        if (!str_cut(&line, '\t', &field)) return;
    if (!str_eq(field, "\\N")) *ARENA_ADD(r->a, &r->hashes) = arena_strndup(r->a, field.p, field.n);
}

static void take_line(struct rows *r, struct str line)
{
    if (r->in_copy && str_eq(line, "\\.")) r->in_copy = false;
    else if (r->in_copy && r->column >= 0) take_row(r, line);
    else if (!r->in_copy && line.n > 5 && memcmp(line.p, "COPY ", 5) == 0) begin_copy(r, line);
}

/* ---- pg_restore ---- */

static int start(char *const *words, int out, pid_t *ret, struct error *e)
{
    posix_spawn_file_actions_t files;

    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    int sys = posix_spawnp(ret, words[0], &files, NULL, words, environ);
    posix_spawn_file_actions_destroy(&files);
    return sys ? fail_errno(e, sys, "start %s (install the client programs of PostgreSQL)",
                            words[0])
               : 0;
}

static int end(pid_t pid, const char *program, struct error *e)
{
    int status;

    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR) return fail_errno(e, errno, "wait for %s", program);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return 0;
    return fail(e, ERR_CORRUPT, "%s cannot read the dump", program);
}

static int read_lines(int fd, struct rows *r, struct error *e)
{
    CLEANUP(buf_done) struct buf rest = BUF_INIT(BUF_UNBOUNDED);

    for (;;) {
        char *at = buf_reserve(&rest, 64 * KiB), *newline;
        ssize_t got = read(fd, at, 64 * KiB);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail_errno(e, errno, "read from pg_restore");
        if (got == 0) return 0;
        rest.n += (size_t)got;
        rest.p[rest.n] = '\0';
        size_t done = 0;
        while ((newline = memchr(rest.p + done, '\n', rest.n - done)) != NULL) {
            size_t n = (size_t)(newline - rest.p) - done;
            take_line(r, (struct str){rest.p + done, n});
            done += n + 1;
        }
        buf_drop(&rest, done);
    }
}

static int read_dump(const char *dump, struct rows *r, struct error *e)
{
    char *words[] = {"pg_restore", "--data-only", "--file=-", (char *)dump, NULL};
    int ends[2];
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) < 0) return fail_errno(e, errno, "pipe");
    int result = start(words, ends[1], &pid, e);
    close(ends[1]);
    if (result == 0) {
        result = read_lines(ends[0], r, e);
        if (end(pid, words[0], result == 0 ? e : NULL) < 0) result = -1;
    }
    close(ends[0]);
    return result;
}

/* ---- checking ---- */

static int check_blobs(const char *folder, struct rows *r, int64_t *ret_n, struct error *e)
{
    size_t n = blob_use_sort(r->hashes.items, r->hashes.n), missing = 0;
    const char *first = NULL;

    for (size_t i = 0; i < n; i++) {
        const char *hash = r->hashes.items[i];
        CLEANUP(freep)
        char *path = xasprintf("%s/blobs/%.2s/%s", folder, hash, strlen(hash) > 2 ? hash + 2 : "");
        if (access(path, R_OK) == 0) continue;
        if (first == NULL) first = hash;
        missing++;
    }
    *ret_n = (int64_t)n;
    if (missing == 0) return 0;
    return fail(e, ERR_CORRUPT, "%zu of %zu blobs are missing in %s/blobs, the first is %s",
                missing, n, folder, first);
}

int dump_check(const char *folder, int64_t *ret_n, struct error *e)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    const char *dump = arena_fmt(&a, "%s/bobtail.dump", folder);
    struct rows r = {.a = &a, .column = -1};

    if (access(dump, R_OK) < 0) return fail_errno(e, errno, "open %s", dump);
    if (read_dump(dump, &r, e) < 0) return -1;
    for (size_t i = 0; blob_columns[i].table; i++)
        if (!r.seen[i])
            return fail(e, ERR_CORRUPT, "%s holds no table %s: it is no dump of Bobtail", dump,
                        blob_columns[i].table);
    return check_blobs(folder, &r, ret_n, e);
}
