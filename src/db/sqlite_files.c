/* sqlite_files.c - see sqlite_files.h. */
#include "db/sqlite_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/lang.h"

static const char *const suffixes[] = {"", "-wal"};

int sqlite_files_make(const char *path, struct error *e)
{
    /* SQLite itself would make it readable for others */
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0) return fail_errno(e, errno, "open the database %s", path);
    close(fd);
    return 0;
}

static int look(const char *path, const char *suffix, struct sqlite_file *ret)
{
    char name[4096];
    struct stat st;

    snprintf(name, sizeof(name), "%s%s", path, suffix);
    if (stat(name, &st) < 0) return -1;
    *ret = (struct sqlite_file){st.st_dev, st.st_ino};
    return 0;
}

int sqlite_files_note(struct sqlite_files *f, const char *path, struct error *e)
{
    f->path = path;
    for (size_t i = 0; i < ARRAY_LEN(suffixes); i++)
        if (look(path, suffixes[i], &f->files[i]) < 0)
            return fail_errno(e, errno, "look at the database %s%s", path, suffixes[i]);
    return 0;
}

int sqlite_files_check(const struct sqlite_files *f, struct error *e)
{
    for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
        const struct sqlite_file *known = &f->files[i];
        struct sqlite_file now;
        if (look(f->path, suffixes[i], &now) < 0)
            return fail(e, ERR_UNREACHABLE, "the database file %s%s is gone", f->path, suffixes[i]);
        if (now.device != known->device || now.inode != known->inode)
            return fail(e, ERR_UNREACHABLE, "the database file %s%s was replaced by another one",
                        f->path, suffixes[i]);
    }
    return 0;
}
