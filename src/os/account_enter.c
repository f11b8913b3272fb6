/* account_enter.c - becoming another account; see account.h.
 *
 * Raw system calls: the library's setuid talks to other threads, which must not happen in a child
 * that still shares its parent's memory. Groups go first, since the right to set them goes with the
 * user id. Capabilities are dropped explicitly: a launcher that has file capabilities instead of
 * being root would keep them otherwise. */
#include "os/account.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

__attribute__((no_sanitize("address", "thread", "undefined"))) int
account_enter(const struct account *a)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[2] = {{0, 0, 0}, {0, 0, 0}};

    if (!a->set) return 0;
    if (syscall(SYS_setgroups, (size_t)a->n_groups, a->groups) < 0) return errno;
    if (syscall(SYS_setresgid, a->gid, a->gid, a->gid) < 0) return errno;
    if (syscall(SYS_setresuid, a->uid, a->uid, a->uid) < 0) return errno;
    if (a->uid != 0 && syscall(SYS_capset, &head, none) < 0) return errno;
    return 0;
}
