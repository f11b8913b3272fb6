/* machines.h - what workers and deployment targets have in common. One thread: the
 * handler's. */
#ifndef API_MACHINES_H
#define API_MACHINES_H
#include "api/resource.h"

/** The filters of environments/summary. */
extern const struct route_query environments_summary_query[];

struct machine_summary {
    const struct resource *machines, *holders;
    const char *member;    /* by which a machine names its holders: "WorkerPoolIds" */
    const char *item_name; /* "WorkerPool": the holder in its summary, "<name>Summaries" the list */
};
/** Answers with the numbers of the machines that the call's filters leave: in all, and in each
 * holder that ids and partialName leave. hideEmptyWorkerPools: only in those that have some. */
int machine_summary(struct call *c, const struct machine_summary *about, struct error *e);

/** Adds the values of the member that the machines of the space have to the array ${out}, as they
 * were first written, in order. */
int machine_values(struct db_tx *tx, struct call *c, const struct resource *r, const char *member,
                   json_t *out, struct error *e) MUST_USE;
/** Answers with them. */
int machine_values_reply(struct call *c, const struct resource *r, const char *member,
                         struct error *e);
/** Handler of .../{id}/connection: what is known of the connection to a machine. */
int machine_connection(struct call *c, struct error *e);
/** Handler of .../discover: refuses with the reason. */
int machine_discover(struct call *c, struct error *e);
extern const struct route_query machine_discover_query[];
/** A hook (resource_hooks.before): a machine that names no policy gets the default one. */
int machine_policy_given(struct db_tx *tx, struct call *c, json_t *doc, const json_t *stored,
                         struct error *e);
#endif
