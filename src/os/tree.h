/* tree.h - whole folder trees that somebody else filled: removing them and handing them over.
 *
 * No link is ever followed, names may be swapped meanwhile, any depth. Any thread. */
#ifndef OS_TREE_H
#define OS_TREE_H
#include <sys/types.h>

#include "base/error.h"

/** Removes ${name} below ${dirfd} with all that is in it; folders without permissions are made
 * readable first. A missing one is fine. ERR_BUSY when somebody keeps putting things into it. */
int tree_remove_at(int dirfd, const char *name, struct error *e) MUST_USE;
/** Same, but leaves the (then empty) folder ${name} itself. */
int tree_empty_at(int dirfd, const char *name, struct error *e) MUST_USE;
/** Makes ${uid}:${gid} the owner of folder ${dirfd} and all that is in it. */
int tree_give(int dirfd, uid_t uid, gid_t gid, struct error *e) MUST_USE;
#endif
