/* process.h - other processes as /proc shows them, and killing them without ever hitting a
 * stranger. Any thread. */
#ifndef JOBS_PROCESS_H
#define JOBS_PROCESS_H
#include <stdbool.h>
#include <sys/types.h>

#include "jobs/record.h"

struct process {
    struct process_id id;
    pid_t parent, group, session;
    bool zombie;
};

/** Looks ${pid} up; false when there is none. */
bool process_find(pid_t pid, struct process *ret);
/** True while the very process ${id} exists, also as a zombie. */
bool process_exists(struct process_id id);
/** Sends ${signal} to the very process ${id}; false when it does not exist any more. */
bool process_signal(struct process_id id, int signal);
/** Sends SIGKILL to all descendants of ${ancestor}; returns how many there were (zombies not
 * counted). */
size_t process_kill_descendants(pid_t ancestor);
/** Sends SIGKILL to all processes of session ${session}, which leader ${leader} made, and waits for
 * their end, at most
 *  ${timeout_ms}. */
void process_kill_session(struct process_id leader, int timeout_ms);
#endif
