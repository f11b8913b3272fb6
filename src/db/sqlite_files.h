/* sqlite_files.h - the files of an SQLite database, known by their inodes; for src/db only.
 *
 * SQLite goes on with files that were removed or replaced under it: what it acknowledges then is
 * gone with the process. So each transaction first looks whether the path still means those files.
 */
#ifndef DB_SQLITE_FILES_H
#define DB_SQLITE_FILES_H
#include <sys/types.h>

#include "base/error.h"

struct sqlite_files {
    const char *path;
    struct sqlite_file {
        dev_t device;
        ino_t inode;
    } files[2]; /* the database and its log */
};

/** Makes the database's file when it is missing, readable by its owner only. */
int sqlite_files_make(const char *path, struct error *e) MUST_USE;
/** Keeps in mind which files lie at ${path} now; ${path} outlives ${f}. */
int sqlite_files_note(struct sqlite_files *f, const char *path, struct error *e) MUST_USE;
/** ERR_UNREACHABLE: one of them is not there any more, or is another one. Any thread. */
int sqlite_files_check(const struct sqlite_files *f, struct error *e) MUST_USE;
#endif
