/* executions.h - what releases, deployments and runbook runs share: commands that name things,
 * frozen documents, and the task that does the work. Facts: rest.md 2.13, 2.14. */
#ifndef API_EXECUTIONS_H
#define API_EXECUTIONS_H
#include "api/resource.h"
#include "store/task.h"

/** What a deployment or runbook run is to do; texts in the call's arena, documents borrowed. */
struct execution {
    json_t *project, *environment;
    json_t *release;            /* of a deployment */
    json_t *runbook, *snapshot; /* of a runbook run */
    const char *variables_id;   /* frozen manifest (library.h); NULL: of the release or snapshot */
    const json_t *asked; /* the Deployment or RunbookRun as asked for, decoded: its other members */
};
/** Stores the Deployment or RunbookRun and queues its task, inside the transaction. *${ret}: the
 * document, a new reference. ERR_INVALID: a prompted value is missing. */
int execution_queue(struct db_tx *tx, struct call *c, const struct execution *x, json_t **ret,
                    struct task *ret_task, struct error *e) MUST_USE;
/** Runs ${fn} as a hot write (db.h) and wakes the engine. Again when another request made the same
 * frozen document at the same time. */
int execution_write(struct call *c, db_fn *fn, void *ctx, struct error *e) MUST_USE;
/** The same for what only freezes: releases and snapshots. */
int execution_prepare(struct call *c, db_fn *fn, void *ctx, struct error *e) MUST_USE;

/** Deployments and runbook runs: what tasks are about. */
bool execution_is(const struct resource *r);
/** States in the list parameter ${name}, as they are stored; an unknown one stays as it is. */
struct http_strings execution_states(const struct call *c, const char *name);
/** Sets the members of an answer that follow from the task. ${doc}: the stored document. */
int execution_complete(struct db_tx *tx, struct call *c, json_t *doc, struct error *e) MUST_USE;

/** The body of a command decoded by its table, members as the table writes them. ERR_INVALID also
 * when it names another space than the address, or things that are not here (tenants, packages). */
int execution_command(struct call *c, const struct field *table, json_t **ret,
                      struct error *e) MUST_USE;
/** The Deployment or RunbookRun (${r}) that a decoded command asks for; ${more}: members of its
 * own, taken over. */
int execution_asked(struct call *c, const struct resource *r, const json_t *command, json_t *more,
                    json_t **ret, struct error *e) MUST_USE;
/** Reads a document that a command names by id, name or slug; a missing one is ERR_INVALID at
 * ${member}. */
int execution_find(struct db_tx *tx, struct call *c, const struct resource *r, const char *owner_id,
                   const char *member, const char *name, json_t **ret, struct error *e) MUST_USE;
/** ERR_INVALID at ${member} for a project that is disabled. */
int execution_check_enabled(const json_t *project, const char *member, struct error *e) MUST_USE;
/** Freezes the document ${id} under the id that a release or snapshot keeps. */
int execution_freeze(struct db_tx *tx, struct call *c, const struct resource *r, const char *id,
                     const char **ret, struct error *e) MUST_USE;

/* deployments.c */

/** Deploys ${release} in the transaction, as the server's own user: no request asked for it.
 * ${values}: of prompted variables, by name; NULL = none. What a lifecycle allows is checked. */
int deployment_start(struct db_tx *tx, struct call *c, json_t *project, json_t *release,
                     json_t *environment, const char *comments, const json_t *values,
                     struct error *e) MUST_USE;

/* runbook_runs.c */

/** The same for the published snapshot of a runbook in each of ${environments} (ids). */
int runbook_run_start(struct db_tx *tx, struct call *c, const char *runbook_id,
                      const json_t *environments, const char *comments, struct error *e) MUST_USE;

/* releases.c */

/** Makes a release of the next version in the transaction. ${channel_id}: "" = the default one.
 * *${ret}: the document, a new reference. */
int release_make(struct db_tx *tx, struct call *c, const char *project_id, const char *channel_id,
                 const char *notes, json_t **ret, struct error *e) MUST_USE;

/** The release takes the variables of its project as they are now. ${expected}: row version, -1 =
 * any. */
int release_update_variables(struct db_tx *tx, struct call *c, const json_t *project,
                             json_t *release, int64_t expected, struct error *e) MUST_USE;

/* channels.c */

/** The default channel of ${project}. */
int channel_default(struct db_tx *tx, struct call *c, const json_t *project, json_t **ret,
                    struct error *e) MUST_USE;

/** Handler of POST tasks/rerun/{id}. */
int executions_rerun(struct call *c, struct error *e);

/* prompts.c: values that a person gives when something starts. */

/** Does the prompted ${variable} ask in this place? ${channel_id}: NULL = none. */
bool prompt_applies(const json_t *variable, const char *environment_id, const char *channel_id,
                    const char *project_id);
/** Makes the FormValues of ${doc} fit the variables: keyed by name, secrets sealed beside them in
 * SealedValues (never shown). ERR_INVALID, with all in the call's errors: a required value is
 * missing, or a name is none of a prompted variable. */
int prompts_apply(struct db_tx *tx, struct call *c, const char *variables_id, json_t *doc,
                  struct error *e) MUST_USE;

/* runbooks.c */

/** 1 = the runbook may run in the environment, 0 = it may not. */
int runbook_may_run_in(struct db_tx *tx, struct call *c, const json_t *project,
                       const json_t *runbook, const json_t *environment, struct error *e) MUST_USE;
#endif
