/* cgroup.h - control groups of our own below the one we run in, where the system allows it: v2
 * (with cgroup.kill), the freezer of v1, or none. Used to kill a script with all that it started,
 * and to notice a kill for memory.
 *
 * A home is set up once per process; its files are read by everybody who inherits the descriptors.
 */
#ifndef OS_CGROUP_H
#define OS_CGROUP_H
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

enum cgroup_kind { CGROUP_NONE, CGROUP_V1, CGROUP_V2 };
#define CGROUP_PATH_MAX 512

struct cgroup_home {
    enum cgroup_kind kind;
    char path[CGROUP_PATH_MAX]; /* folder that holds our groups; "" for none */
    int fd;                     /* of that folder, or -1 */
    int memory_fd;              /* counters of the memory group we run in, or -1 */
};

/** Finds or makes the folder ${name} for our groups. ${wanted}: "auto" takes v2 (unified or
 * hybrid), else v1, else none; "v2", "v1": that one or an error; "none". Removes empty groups that
 * were left in it. */
int cgroup_home_open(const char *wanted, const char *name, struct cgroup_home *ret,
                     struct error *e) MUST_USE;
/** Makes group ${name} and returns a descriptor of its folder, or -1 when there is none (also on
 * any error: a script runs without a group rather than not at all). */
int cgroup_make(const struct cgroup_home *h, const char *name);
void cgroup_remove(const struct cgroup_home *h, const char *name);
/** Sends SIGKILL to all in the group whose folder is ${fd}. */
void cgroup_kill(enum cgroup_kind kind, int fd);
/** How many processes were killed for memory in the memory group we run in, since it exists; 0 when
 * not known. */
uint64_t cgroup_oom_kills(const struct cgroup_home *h);
#endif
