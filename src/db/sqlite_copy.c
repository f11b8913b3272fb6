/* sqlite_copy.c - a copy of an SQLite database that a server may be using.
 *
 * VACUUM INTO writes one snapshot and none of the pages that were freed, so that the copy holds
 * nothing that was deleted. The connection reads only; a server in another process, or in this one,
 * goes on writing meanwhile. */
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include "base/alloc.h"
#include "db/db.h"
#include "os/file.h"

static int failed(sqlite3 *h, const char *path, struct error *e)
{
    int code = sqlite3_extended_errcode(h), sys = sqlite3_system_errno(h);

    if ((code & 0xff) == SQLITE_FULL || sys == ENOSPC || sys == EDQUOT)
        return fail(e, ERR_NO_SPACE, "no space left for a copy of the database");
    if ((code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB)
        return fail(e, ERR_CORRUPT, "the database %s is damaged: %s", path, sqlite3_errmsg(h));
    return fail(e, (code & 0xff) == SQLITE_CANTOPEN ? ERR_NOT_FOUND : ERR_INTERNAL,
                "copy the database %s: %s", path, sqlite3_errmsg(h));
}

static int copy_into(sqlite3 *h, const char *to)
{
    sqlite3_stmt *st = NULL;

    int rc = sqlite3_prepare_v2(h, "vacuum into ?1", -1, &st, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_bind_text(st, 1, to, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK) rc = sqlite3_step(st);
    sqlite3_finalize(st);
    return rc;
}

/* SQLite would make it readable for others, and fills an empty file too. */
static int make_empty(const char *path, struct error *e)
{
    CLEANUP(closep) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    return fd < 0 ? fail_errno(e, errno, "create %s", path) : 0;
}

static int sync_file(const char *path, struct error *e)
{
    CLEANUP(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || fsync(fd) < 0) return fail_errno(e, errno, "fsync %s", path);
    return 0;
}

static int copy(const char *from, const char *to, struct error *e)
{
    sqlite3 *h = NULL;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, r = 0;

    int rc = sqlite3_open_v2(from, &h, flags, NULL);
    if (h == NULL) return fail(e, ERR_INTERNAL, "no memory to open the database");
    if (rc == SQLITE_OK) rc = sqlite3_extended_result_codes(h, 1);
    if (rc == SQLITE_OK) rc = sqlite3_busy_timeout(h, 5000);
    if (rc == SQLITE_OK) rc = copy_into(h, to);
    if (rc != SQLITE_OK && rc != SQLITE_DONE) r = failed(h, from, e);
    sqlite3_close(h);
    return r < 0 ? -1 : sync_file(to, e);
}

int db_copy(const char *url, const char *to, struct error *e)
{
    if (!str_starts(url, "sqlite:"))
        return fail(e, ERR_INVALID, "only an SQLite database is copied by the server itself");
    if (make_empty(to, e) < 0) return -1;
    if (copy(url + 7, to, e) == 0) return 0;
    unlink(to);
    return -1;
}
