/* task_edit.h - handlers that change tasks: their place in the queue, their state. */
#ifndef API_TASK_EDIT_H
#define API_TASK_EDIT_H
#include "api/call.h"

int task_edit_prioritize(struct call *c, struct error *e);
int task_edit_state(struct call *c, struct error *e);
#endif
