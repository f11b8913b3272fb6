/* account.c - looking accounts up; see account.h. Entering one is in account_enter.c, so that a
 * program that only enters links no name services. */
#include "os/account.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>

int account_find(const char *name, struct account *ret, struct error *e)
{
    char memory[16 * 1024];
    struct passwd pw, *found = NULL;
    struct account a = {.set = true, .n_groups = ACCOUNT_GROUPS_MAX};

    int sys = getpwnam_r(name, &pw, memory, sizeof(memory), &found);
    if (sys) return fail_errno(e, sys, "look up account %s", name);
    if (found == NULL) return fail(e, ERR_NOT_FOUND, "there is no account %s", name);
    a.uid = pw.pw_uid;
    a.gid = pw.pw_gid;
    if (getgrouplist(name, pw.pw_gid, a.groups, &a.n_groups) < 0)
        return fail(e, ERR_INVALID, "account %s is in more than %d groups", name,
                    ACCOUNT_GROUPS_MAX);
    snprintf(a.home, sizeof(a.home), "%s", pw.pw_dir);
    *ret = a;
    return 0;
}
