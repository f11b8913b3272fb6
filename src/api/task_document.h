/* task_document.h - a task as the API shows it. */
#ifndef API_TASK_DOCUMENT_H
#define API_TASK_DOCUMENT_H
#include "api/app.h"
#include "store/task.h"

/** Reads a task that the caller may do with what the route is for; one of another space than the
 * call's is not there. */
int task_in_space(struct db_tx *tx, struct call *c, const char *id, struct task *ret,
                  struct error *e) MUST_USE;
/** May the caller do with the task what the route is for? As permit_subject. */
int task_permit(struct db_tx *tx, const struct call *c, const struct task *t,
                struct error *e) MUST_USE;
/** The Task resource with its links. New reference. */
json_t *task_document(const struct app *app, const struct task *t);
/** Adds WaitingFor to the document of a queued or stalled task: {Reason, Description, Place,
 * Tasks}. Inside a transaction; does nothing for others. */
int task_waiting(struct db_tx *tx, const struct app *app, const struct task *t, json_t *document,
                 struct arena *a, struct error *e) MUST_USE;
#endif
