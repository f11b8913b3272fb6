/* limit.c - see limit.h. */
#include "os/limit.h"

#include <errno.h>
#include <sys/resource.h>

static int64_t given; /* 0: not raised; written before other threads start */

int limit_raise_files(struct error *e)
{
    struct rlimit n;

    if (getrlimit(RLIMIT_NOFILE, &n) < 0) return fail_errno(e, errno, "limit of open files");
    int64_t before = (int64_t)n.rlim_cur;
    if (n.rlim_cur == n.rlim_max) return 0;
    n.rlim_cur = n.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &n) < 0)
        return fail_errno(e, errno, "raise the limit of open files");
    given = before;
    return 0;
}

int64_t limit_given_files(void)
{
    struct rlimit n = {0};

    if (given == 0) getrlimit(RLIMIT_NOFILE, &n);
    return given ? given : (int64_t)n.rlim_cur;
}

void limit_set_files(int64_t wanted)
{
    struct rlimit n;

    if (getrlimit(RLIMIT_NOFILE, &n) < 0) return;
    n.rlim_cur = (rlim_t)wanted < n.rlim_max ? (rlim_t)wanted : n.rlim_max;
    setrlimit(RLIMIT_NOFILE, &n);
}
