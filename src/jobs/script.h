/* script.h - turning into the script's program. Used by supervisors. */
#ifndef JOBS_SCRIPT_H
#define JOBS_SCRIPT_H
#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "os/account.h"

struct script {
    char *const *argv, *const *env;
    const struct account *account;
    int dir;              /* working folder */
    int in, out, err;     /* its standard descriptors, each > 2 */
    int cgroup;           /* folder of its group, -1 = none */
    bool cgroup_by_clone; /* v2: it is born in the group */
};

/** Starts it: own session, no signal blocked or ignored, no descriptor but 0, 1, 2; killed when the
 * calling thread ends. Returns its pid; ERR_INVALID with a sentence when the program cannot be run.
 */
pid_t script_start(const struct script *s, struct error *e) MUST_USE;
#endif
