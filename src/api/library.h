/* library.h - variables of library variable sets in releases, snapshots and runs.
 *
 * A release or snapshot freezes each included set (LibraryVariableSetSnapshotIds). What a run sees
 * is one variable set, its manifest: the project's own variables, then those of the included sets
 * in their order; among equals the first one wins (rules/scope.h). */
#ifndef API_LIBRARY_H
#define API_LIBRARY_H
#include "api/resource.h"

/** Freezes the sets that ${project} includes; their ids become LibraryVariableSetSnapshotIds of
 * ${doc}. */
int library_freeze(struct db_tx *tx, struct call *c, const json_t *project, json_t *doc,
                   struct error *e) MUST_USE;
/** The frozen manifest of what ${snapshot} (a release or runbook snapshot) has frozen: ${own}, the
 * project's frozen set, itself where nothing is included. *${ret} in the call's arena. */
int library_manifest(struct db_tx *tx, struct call *c, const json_t *snapshot, const char *own,
                     const char **ret, struct error *e) MUST_USE;
/** Adds to ${set} the variables of the frozen sets of ${snapshot}; when that is NULL those that
 * ${project} includes, as they are now. */
int library_append(struct db_tx *tx, struct call *c, const json_t *snapshot, const json_t *project,
                   json_t *set, struct error *e) MUST_USE;
/** 1 = a set that ${project} includes now is not as ${release} has frozen it. */
int library_is_changed(struct db_tx *tx, struct call *c, const json_t *project,
                       const json_t *release, struct error *e) MUST_USE;
#endif
