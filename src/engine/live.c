/* live.c - a map from task to its watchers under one lock, held while they are woken: an unwatch
 * waits for that. */
#include "engine/live.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/map.h"

struct live_watch {
    char *task_id;
    void (*wake)(void *ctx);
    void *ctx;
    struct live_watch *next;
};

struct live {
    pthread_mutex_t lock;
    struct map *by_task; /* task id -> first watch */
    struct live_event ring[LIVE_EVENTS];
    int64_t newest; /* event n lies at ring[n % LIVE_EVENTS] */
};

struct live *live_new(void)
{
    struct live *l = xcalloc(1, sizeof(*l));

    pthread_mutex_init(&l->lock, NULL);
    l->by_task = map_new(false);
    return l;
}

void live_free(struct live *l)
{
    if (l == NULL) return;
    map_free(l->by_task, NULL);
    pthread_mutex_destroy(&l->lock);
    free(l);
}

struct live_watch *live_watch(struct live *l, const char *task_id, void (*wake)(void *ctx),
                              void *ctx)
{
    struct live_watch *w = xcalloc(1, sizeof(*w));

    *w = (struct live_watch){xstrdup(task_id), wake, ctx, NULL};
    pthread_mutex_lock(&l->lock);
    w->next = map_put(l->by_task, task_id, w);
    pthread_mutex_unlock(&l->lock);
    return w;
}

void live_unwatch(struct live *l, struct live_watch *w)
{
    if (w == NULL) return;
    pthread_mutex_lock(&l->lock);
    struct live_watch *first = map_get(l->by_task, w->task_id), **at = &first;
    while (*at != w) at = &(*at)->next;
    *at = w->next;
    if (first) map_put(l->by_task, w->task_id, first);
    else map_take(l->by_task, w->task_id);
    pthread_mutex_unlock(&l->lock);
    free(w->task_id);
    free(w);
}

static void wake_all(struct live *l, const char *task_id)
{
    for (struct live_watch *w = map_get(l->by_task, task_id); w; w = w->next) w->wake(w->ctx);
}

void live_notify(struct live *l, const char *task_id)
{
    pthread_mutex_lock(&l->lock);
    wake_all(l, task_id);
    pthread_mutex_unlock(&l->lock);
}

void live_notify_all(struct live *l)
{
    void *first;
    size_t at = 0;

    pthread_mutex_lock(&l->lock);
    while (map_each(l->by_task, &at, NULL, &first))
        for (struct live_watch *w = first; w; w = w->next) w->wake(w->ctx);
    pthread_mutex_unlock(&l->lock);
}

void live_publish(struct live *l, const char *space_id, const char *task_id, const char *state)
{
    pthread_mutex_lock(&l->lock);
    struct live_event *e = &l->ring[++l->newest % LIVE_EVENTS];
    e->number = l->newest;
    snprintf(e->task_id, sizeof(e->task_id), "%s", task_id);
    snprintf(e->space_id, sizeof(e->space_id), "%s", space_id);
    snprintf(e->state, sizeof(e->state), "%s", state);
    wake_all(l, task_id);
    wake_all(l, LIVE_ALL);
    pthread_mutex_unlock(&l->lock);
}

size_t live_events(struct live *l, int64_t after, struct live_event *out, size_t max)
{
    size_t n = 0;

    pthread_mutex_lock(&l->lock);
    if (l->newest - after > LIVE_EVENTS) after = l->newest - LIVE_EVENTS;
    while (after < l->newest && n < max) out[n++] = l->ring[++after % LIVE_EVENTS];
    pthread_mutex_unlock(&l->lock);
    return n;
}

int64_t live_newest(struct live *l)
{
    pthread_mutex_lock(&l->lock);
    int64_t newest = l->newest;
    pthread_mutex_unlock(&l->lock);
    return newest;
}
