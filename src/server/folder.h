/* folder.h - the data folder of a node: one process at a time, and the node's id. */
#ifndef SERVER_FOLDER_H
#define SERVER_FOLDER_H
#include "base/arena.h"
#include "base/error.h"

/** Makes the folder ${path} with those in it that a server needs, and takes it for this process
 * until ${ret_lock} is closed. ERR_CONFLICT names the process that has it. */
int folder_take(const char *path, int *ret_lock, struct error *e) MUST_USE;
/** The id of the node that lives in ${path}: made once. It lives in ${a}. */
int folder_node_id(const char *path, struct arena *a, const char **ret, struct error *e) MUST_USE;
#endif
