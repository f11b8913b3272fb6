/* link.h - the server's side of the launcher: starts it, asks it, brings it back when it has died.
 * Any thread. */
#ifndef JOBS_LINK_H
#define JOBS_LINK_H
#include <pthread.h>
#include <sys/types.h>

#include "jobs/request.h"

struct launcher_link {
    pthread_mutex_t lock; /* guards the rest */
    char *const *argv;    /* of the launcher; NULL-terminated */
    int socket;           /* -1 = not started */
    pid_t pid;
    unsigned long born; /* how many launchers there have been */
    int deadline_ms;    /* longest wait for an answer; fixed at the start */
};

/** ${argv}: borrowed for the link's life. ${deadline_ms}: of an answer; 0 = 5 minutes. Starts
 * nothing yet. */
void link_init(struct launcher_link *l, char *const *argv, int deadline_ms);
/** Starts the launcher and waits until it says that it can work. */
int link_start(struct launcher_link *l, struct error *e) MUST_USE;
void link_done(struct launcher_link *l);
/** Sends a request and waits for its answer; repeats it, with a new launcher when need be, while
 * nobody answers. Requests must therefore be harmless when they are made twice. A launcher that
 * does not answer in time is killed and another one asked; ERR_TIMEOUT when whoever works on the
 * request goes on all the same, so that nobody knows what becomes of it. Returns the answer's code;
 * *${ret_fd} as reply_receive. */
int link_call(struct launcher_link *l, struct request_head *head, const struct buf *texts,
              int input, int *ret_fd, struct error *e) MUST_USE;
#endif
