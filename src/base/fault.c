/* fault.c - see fault.h. The environment is read at each point: points are few, and such builds are
 * for tests. */
#include "base/fault.h"

#ifdef FAULTS
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

void fault_point(const char *name)
{
    static atomic_int hits;
    const char *wanted = getenv("BOBTAIL_FAULT");
    size_t n = strlen(name);
    char *rest;

    if (wanted == NULL || strncmp(wanted, name, n) != 0 || wanted[n] != ':') return;
    if (atomic_fetch_add(&hits, 1) + 1 != strtol(wanted + n + 1, &rest, 10)) return;
    /* a signal to this very thread: it does not get one instruction further */
    raise(strcmp(rest, ":stop") == 0 ? SIGSTOP : SIGKILL);
}

int64_t fault_number(const char *variable, int64_t otherwise)
{
    const char *text = getenv(variable);

    return text ? strtoll(text, NULL, 10) : otherwise;
}
#endif
