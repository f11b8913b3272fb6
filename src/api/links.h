/* links.h - the Links object of a resource, from a table, the same for every requester and query.
 * Any thread.
 *
 *     static const struct link_row project_links[] = {
 *         {"Self", "/api/{space}/projects/{id}"},
 *         {"Releases",
 * "/api/{space}/projects/{id}/releases{/version}{?skip,take,searchByVersion}"},
 *         {"DeploymentProcess", "/api/{space}/deploymentprocesses/{@DeploymentProcessId}"},
 *         {NULL, NULL}};
 *
 * {space} and {id} are the document's SpaceId (else the given one) and Id; {@Member} is any text
 * member. All others, like {/version} and {?skip,take}, are for the client and stay. A row whose
 * member is absent, null or "" is left out. Values are percent-encoded. */
#ifndef API_LINKS_H
#define API_LINKS_H
#include "base/json.h"

struct link_row {
    const char *name, *path; /* the table ends with {NULL, NULL} */
};
/** The Links object of ${document} (may be NULL: only {space} is filled then). New reference. */
json_t *links_make(const struct link_row *rows, const char *space_id, const json_t *document);
/** Sets ${document}.Links. */
void links_add(json_t *document, const struct link_row *rows, const char *space_id);
#endif
