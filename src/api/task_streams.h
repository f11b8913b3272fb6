/* task_streams.h - handlers that send the log of a task, as text or as events, and changes of tasks
 * as they happen. Facts: rest.md 2.7. */
#ifndef API_TASK_STREAMS_H
#define API_TASK_STREAMS_H
#include "api/call.h"

/** The whole log as text. */
int tasks_raw(struct call *c, struct error *e);
/** The log line by line, from after `after` or Last-Event-ID, until the task ends. */
int tasks_stream(struct call *c, struct error *e);
/** Changes of all tasks, of one space when the route is space-scoped. */
int tasks_events(struct call *c, struct error *e);
#endif
