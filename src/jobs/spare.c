/* spare.c - see spare.h. Only names that this process gave are in its list; those of others are
 * left to it. */
#include "jobs/spare.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/id.h"
#include "jobs/record.h"
#include "os/lock.h"

struct spares {
    pthread_mutex_t lock; /* guards the rest */
    char prefix[SPARE_NAME_SIZE];
    unsigned long next; /* number of the next name */
    char names[SPARES_MAX][SPARE_NAME_SIZE];
    size_t n;
};

struct spares *spares_new(void)
{
    struct spares *s = xcalloc(1, sizeof(*s));
    char unique[TICKET_SIZE];

    pthread_mutex_init(&s->lock, NULL);
    snprintf(s->prefix, sizeof(s->prefix), SPARE_PREFIX "%.13s", id_ticket(unique));
    return s;
}

void spares_free(struct spares *s)
{
    if (s == NULL) return;
    pthread_mutex_destroy(&s->lock);
    free(s);
}

void spare_take(struct spares *s, char ret[SPARE_NAME_SIZE])
{
    ret[0] = '\0';
    pthread_mutex_lock(&s->lock);
    if (s->n) memcpy(ret, s->names[--s->n], SPARE_NAME_SIZE);
    pthread_mutex_unlock(&s->lock);
}

static bool is_ours(int dir, const char *name, mode_t kind)
{
    struct stat st;

    return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && (st.st_mode & S_IFMT) == kind &&
           st.st_nlink == 1 && st.st_uid == geteuid();
}

/* As we made it, without its supervisor, and without the space of its log. */
static bool is_fit(int dir)
{
    CLEANUP(closep) int lock = openat(dir, "lock", O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    CLEANUP(closep) int log = openat(dir, "log", O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    if (lock < 0 || log < 0 || lock_is_held(lock, LOCK_ALIVE, 2)) return false;
    return is_ours(dir, "lock", S_IFREG) && is_ours(dir, "log", S_IFREG) &&
           is_ours(dir, "start", S_IFREG) && is_ours(dir, "result", S_IFREG) &&
           is_ours(dir, "control", S_IFIFO) && ftruncate(log, 0) == 0;
}

/* A name for one more, or "" when there are enough. */
static void make_name(struct spares *s, char ret[SPARE_NAME_SIZE])
{
    ret[0] = '\0';
    pthread_mutex_lock(&s->lock);
    if (s->n < SPARES_MAX) snprintf(ret, SPARE_NAME_SIZE, "%.26s-%lu", s->prefix, s->next++);
    pthread_mutex_unlock(&s->lock);
}

void spare_give_back(struct spares *s, const char name[SPARE_NAME_SIZE])
{
    if (!name[0]) return;
    pthread_mutex_lock(&s->lock);
    if (s->n < SPARES_MAX) memcpy(s->names[s->n++], name, SPARE_NAME_SIZE);
    pthread_mutex_unlock(&s->lock);
}

bool spare_keep(struct spares *s, int jobs, const char *ticket)
{
    char name[SPARE_NAME_SIZE];
    CLEANUP(closep) int dir = -1;

    make_name(s, name);
    if (!name[0]) return false;
    dir = openat(jobs, ticket, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (dir < 0 || !is_fit(dir)) return false;
    if (renameat2(jobs, ticket, jobs, name, RENAME_NOREPLACE) < 0) return false;
    spare_give_back(s, name);
    return true;
}
