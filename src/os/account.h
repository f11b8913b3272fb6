/* account.h - another account of this machine: looking it up, and becoming it.
 *
 * Looking up uses the name services and belongs into the server; what it finds is passed on as
 * numbers, so that small static programs need no name services. */
#ifndef OS_ACCOUNT_H
#define OS_ACCOUNT_H
#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

#define ACCOUNT_GROUPS_MAX 64

struct account {
    bool set; /* false: stay who we are */
    uid_t uid;
    gid_t gid;
    gid_t groups[ACCOUNT_GROUPS_MAX]; /* with gid among them */
    int n_groups;
    char home[256];
};

/** Finds ${name}; ERR_NOT_FOUND. Any thread. */
int account_find(const char *name, struct account *ret, struct error *e) MUST_USE;
/** Makes the calling thread act as ${a} for good, without any capability; in programs with one
 * thread only, also between clone and exec (raw system calls, no allocation). 0, or an errno value.
 */
int account_enter(const struct account *a);
#endif
