/* tools.c - the helper files of a shell, made once per version.
 *
 * TOOLS/bobtail-step/VERSION/bootstrap.sh and its like serve all runs. Each run compares its
 * content with the one in this program (a read of some 10 KiB) and replaces it by rename when
 * anything differs: a half-written, older or changed file is never started, and steps that start at
 * the same moment do not disturb each other. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/file.h"
#include "step/step.h"

static bool has_content(const char *path, const char *text, size_t n)
{
    CLEANUP(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    char part[16 * KiB];
    struct stat st;
    ssize_t got;

    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || (size_t)st.st_size != n)
        return false;
    while (n > 0 && (got = read(fd, part, sizeof(part))) > 0) {
        if ((size_t)got > n || memcmp(part, text, (size_t)got) != 0) return false;
        text += got;
        n -= (size_t)got;
    }
    return n == 0;
}

static int replace(struct step *s, const char *folder, const char *path, const struct helper *h,
                   struct error *e)
{
    if (dir_make(folder, 0755, e) < 0) return -1;
    const char *fresh = arena_fmt(&s->arena, "%s/.%s.%d", folder, h->name, (int)getpid());
    if (unlink(fresh) < 0 && errno != ENOENT) return fail_errno(e, errno, "replace %s", fresh);
    if (file_create_at(AT_FDCWD, fresh, 0644, h->text, (size_t)(h->end - h->text), e) < 0) {
        unlink(fresh);
        return -1;
    }
    if (rename(fresh, path) == 0) return 0;
    int sys = errno;
    unlink(fresh);
    return fail_errno(e, sys, "rename %s to %s", fresh, path);
}

int tools_prepare(struct step *s, struct error *e)
{
    const char *folder = arena_fmt(&s->arena, "%s/bobtail-step/" BOBTAIL_VERSION, s->tools);

    for (size_t i = 0; i < ARRAY_LEN(s->shell->helpers); i++) {
        const struct helper *h = &s->shell->helpers[i];
        if (h->name == NULL) break;
        const char *path = arena_fmt(&s->arena, "%s/%s", folder, h->name);
        if (i == 0) s->bootstrap = path;
        if (has_content(path, h->text, (size_t)(h->end - h->text))) continue;
        if (replace(s, folder, path, h, e) < 0)
            return fail_wrap(e, "helper file for %s", s->shell->syntax);
    }
    return 0;
}
