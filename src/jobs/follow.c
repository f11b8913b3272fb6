/* follow.c - see follow.h.
 *
 * One inotify watch per job folder: the supervisor writes into its files, and when it dies, by
 * whatever cause, its files are closed, which rings too. A job that rang stands in a queue once,
 * however often it rang. The descriptor to wait for is an epoll descriptor over inotify and an
 * eventfd; the eventfd is readable while the queue is not empty. */
#include "jobs/follow.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/map.h"
#include "base/vec.h"

#define EVENTS (IN_MODIFY | IN_CLOSE_WRITE)

struct watch {
    char ticket[JOB_TICKET_MAX + 1];
    int wd;
    bool queued;
    struct watch *prev, *next; /* in the queue */
};

struct follow {
    pthread_mutex_t lock; /* guards the rest */
    int epoll, inotify, event;
    struct map *by_ticket;
    VEC(struct watch *) by_wd; /* sorted */
    struct watch *first, *last;
};

static int add_to_epoll(int epoll, int fd)
{
    struct epoll_event ev = {.events = EPOLLIN};

    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &ev);
}

int follow_new(struct follow **ret, struct error *e)
{
    struct follow *f = xcalloc(1, sizeof(*f));

    pthread_mutex_init(&f->lock, NULL);
    f->by_ticket = map_new(false);
    f->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    f->event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    f->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (f->inotify < 0 || f->event < 0 || f->epoll < 0 || add_to_epoll(f->epoll, f->inotify) < 0 ||
        add_to_epoll(f->epoll, f->event) < 0) {
        int sys = errno;
        follow_free(f);
        return fail_errno(e, sys, "set up the watch on jobs");
    }
    *ret = f;
    return 0;
}

void follow_free(struct follow *f)
{
    if (f == NULL) return;
    closep(&f->epoll);
    closep(&f->event);
    closep(&f->inotify);
    VEC_DONE(&f->by_wd);
    map_free(f->by_ticket, free);
    pthread_mutex_destroy(&f->lock);
    free(f);
}

int follow_fd(const struct follow *f) { return f->epoll; }

static void ring(struct follow *f, struct watch *w)
{
    uint64_t one = 1;

    if (w->queued) return;
    w->queued = true;
    w->prev = f->last;
    w->next = NULL;
    if (f->last) f->last->next = w;
    else f->first = w;
    f->last = w;
    ssize_t r = write(f->event, &one, sizeof(one));
    (void)r; /* fails only when it is readable already */
}

static void unqueue(struct follow *f, struct watch *w)
{
    uint64_t count;

    if (!w->queued) return;
    *(w->prev ? &w->prev->next : &f->first) = w->next;
    *(w->next ? &w->next->prev : &f->last) = w->prev;
    w->queued = false;
    w->prev = w->next = NULL;
    if (f->first) return;
    ssize_t r = read(f->event, &count, sizeof(count));
    (void)r;
}

/* Where ${wd} stands in by_wd, or would. */
static size_t place_of(const struct follow *f, int wd)
{
    size_t low = 0, high = f->by_wd.n;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (f->by_wd.items[middle]->wd < wd) low = middle + 1;
        else high = middle;
    }
    return low;
}

static struct watch *find_wd(const struct follow *f, int wd)
{
    size_t at = place_of(f, wd);

    return at < f->by_wd.n && f->by_wd.items[at]->wd == wd ? f->by_wd.items[at] : NULL;
}

static void insert_wd(struct follow *f, struct watch *w)
{
    size_t at = place_of(f, w->wd);

    VEC_PUSH(&f->by_wd, w);
    memmove(&f->by_wd.items[at + 1], &f->by_wd.items[at],
            (f->by_wd.n - 1 - at) * sizeof(f->by_wd.items[0]));
    f->by_wd.items[at] = w;
}

static void forget_watch(struct follow *f, struct watch *w)
{
    size_t at = place_of(f, w->wd);

    unqueue(f, w);
    f->by_wd.n--;
    memmove(&f->by_wd.items[at], &f->by_wd.items[at + 1],
            (f->by_wd.n - at) * sizeof(f->by_wd.items[0]));
    map_take(f->by_ticket, w->ticket);
    free(w);
}

static int add_locked(struct follow *f, const char *ticket, const char *path, struct error *e)
{
    int wd = inotify_add_watch(f->inotify, path, EVENTS | IN_ONLYDIR | IN_DONT_FOLLOW);
    struct watch *w = map_get(f->by_ticket, ticket);

    if (wd < 0) return fail_errno(e, errno, "follow job %s", ticket);
    if (w && w->wd != wd) { /* the folder was removed and made anew */
        inotify_rm_watch(f->inotify, w->wd);
        forget_watch(f, w);
        w = NULL;
    }
    struct watch *other = find_wd(f, wd);
    if (other && other != w) forget_watch(f, other); /* an earlier job had this folder */
    if (w == NULL) {
        w = xcalloc(1, sizeof(*w));
        snprintf(w->ticket, sizeof(w->ticket), "%s", ticket);
        w->wd = wd;
        insert_wd(f, w);
        map_put(f->by_ticket, ticket, w);
    }
    ring(f, w);
    return 0;
}

int follow_add(struct follow *f, const char *ticket, const char *path, struct error *e)
{
    pthread_mutex_lock(&f->lock);
    int r = add_locked(f, ticket, path, e);
    pthread_mutex_unlock(&f->lock);
    return r;
}

void follow_remove(struct follow *f, const char *ticket)
{
    pthread_mutex_lock(&f->lock);
    struct watch *w = map_get(f->by_ticket, ticket);
    if (w) {
        inotify_rm_watch(f->inotify, w->wd);
        forget_watch(f, w);
    }
    pthread_mutex_unlock(&f->lock);
}

static void ring_all(struct follow *f)
{
    for (size_t i = 0; i < f->by_wd.n; i++) ring(f, f->by_wd.items[i]);
}

static void take_event(struct follow *f, const struct inotify_event *ev)
{
    struct watch *w;

    if (ev->mask & IN_Q_OVERFLOW) {
        ring_all(f);
        return;
    }
    w = find_wd(f, ev->wd);
    if (w == NULL) return; /* of a watch that is removed already */
    if (ev->mask & IN_IGNORED) forget_watch(f, w);
    else ring(f, w);
}

static void take_events(struct follow *f)
{
    _Alignas(struct inotify_event) char space[16 * 1024];
    const struct inotify_event *ev;

    for (;;) {
        ssize_t n = read(f->inotify, space, sizeof(space));
        if (n <= 0) return;
        for (ssize_t at = 0; at < n; at += (ssize_t)(sizeof(*ev) + ev->len)) {
            ev = (const struct inotify_event *)(space + at);
            take_event(f, ev);
        }
        if (f->first) return; /* the rest keeps */
    }
}

int follow_next(struct follow *f, char ticket[JOB_TICKET_MAX + 1])
{
    pthread_mutex_lock(&f->lock);
    if (f->first == NULL) take_events(f);
    struct watch *w = f->first;
    if (w) {
        snprintf(ticket, JOB_TICKET_MAX + 1, "%s", w->ticket);
        unqueue(f, w);
    }
    pthread_mutex_unlock(&f->lock);
    return w != NULL;
}
