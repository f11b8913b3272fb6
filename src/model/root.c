/* root.c - see root.h.
 *
 * Clients expand these templates and drop parameters that a template does not name, so a parameter
 * missing here is never sent: deregistering a worker by thumbprint would then match every worker.
 * Names and templates are those of the public clients' own fixtures. Links to what this server does
 * not have yet are there too: a client that is built for them reads all names when it starts. */
#include "model/root.h"

#include "model/command.h"
#include "model/resource.h"
#include "model/shape.h"

const struct field root_fields[] = {
    {"Application", FIELD_STRING, FIELD_REQUIRED, .doc = "name of the program"},
    {"Version", FIELD_STRING, FIELD_REQUIRED, .doc = "version of the program"},
    {"ApiVersion", FIELD_STRING, FIELD_REQUIRED, .doc = "version of the protocol"},
    {"InstallationId", FIELD_STRING, FIELD_REQUIRED, .doc = "identifier of this installation"},
    {"IsEarlyAccessProgram", FIELD_BOOL, .doc = "true: a trial version"},
    {"HasLongTermSupport", FIELD_BOOL, .doc = "true: supported for long"},
    ROW_LINKS,
    {.name = NULL},
};

#define S "/api/{SpaceId}"
static const struct link_template links[] = {
    {"SpaceHome", "/api/{spaceId}"},
    {"Spaces", "/api/spaces{/id}{?name,skip,ids,take,partialName}"},
    {"CurrentUser", "/api/users/me"},
    {"SignIn", "/api/users/login{?returnUrl}"},
    {"SignOut", "/api/users/logout"},
    {"CertificateConfiguration",
     "/api/configuration/certificates{/id}{?skip,take,ids,partialName}"},
    {"Workers", S "/workers{/id}{?skip,take,name,ids,partialName,isDisabled,healthStatuses,"
                  "commStyles,workerPoolIds,thumbprint,shellNames}"},
    {"DiscoverWorker", S "/workers/discover{?host,port,type,proxyId}"},
    {"WorkerOperatingSystems", S "/workers/operatingsystem/names/all"},
    {"WorkerShells", S "/workers/operatingsystem/shells/all"},
    {"WorkerPools", S "/workerpools{/id}{?name,skip,ids,take,partialName}"},
    {"WorkerPoolsDynamicWorkerTypes", S "/workerpools/dynamicworkertypes"},
    {"WorkerPoolsSortOrder", S "/workerpools/sortorder"},
    {"WorkerPoolSortOrder", S "/workerpools/sortorder"},
    {"WorkerPoolsSummary", S "/workerpools/summary{?ids,partialName,machinePartialName,isDisabled,"
                             "healthStatuses,commStyles,hideEmptyWorkerPools,shellNames}"},
    {"WorkerPoolsSupportedTypes", S "/workerpools/supportedtypes"},
    {"MachinePolicies", S "/machinepolicies{/id}{?skip,take,ids,partialName}"},
    {"MachinePolicyTemplate", S "/machinepolicies/template"},
    {"MachineRoles", S "/machineroles/all"},
    {"Machines", S "/machines{/id}{?skip,take,name,ids,partialName,roles,isDisabled,healthStatuses,"
                   "commStyles,tenantIds,tenantTags,environmentIds,thumbprint,deploymentId,"
                   "shellNames}"},
    {"DiscoverMachine", S "/machines/discover{?host,port,type,proxyId}"},
    {"Proxies", S "/proxies{/id}{?skip,take,ids,partialName}"},
    {"Accounts", S "/accounts{/id}{?skip,take,ids,partialName,accountType}"},
    {"Tasks", "/api/tasks{/id}{?skip,active,environment,tenant,runbook,project,name,node,running,"
              "states,hasPendingInterruptions,hasWarningsOrErrors,take,ids,partialName,spaces,"
              "includeSystem}"},
    {"TaskTypes", "/api/tasks/taskTypes"},
    {"Projects", S "/projects{/id}{?name,skip,ids,clone,take,partialName,clonedFromProjectId}"},
    {"ProjectGroups", S "/projectgroups{/id}{?skip,take,ids,partialName}"},
    {"Environments", S "/environments{/id}{?name,skip,ids,take,partialName}"},
    {"Lifecycles", S "/lifecycles{/id}{?skip,take,ids,partialName}"},
    {"Channels", S "/channels{/id}{?skip,take,ids,partialName}"},
    {"Releases", S "/releases{/id}{?skip,ignoreChannelRules,take,ids}"},
    {"Deployments", S "/deployments{/id}{?skip,take,ids,projects,environments,tenants,channels,"
                      "taskState,partialName}"},
    {"DeploymentProcesses", S "/deploymentprocesses{/id}{?skip,take,ids}"},
    {"Runbooks", S "/runbooks{/id}{?skip,take,ids,partialName,clone,projectIds}"},
    {"RunbookProcesses", S "/runbookProcesses{/id}{?skip,take,ids}"},
    {"RunbookSnapshots", S "/runbookSnapshots{/id}{?skip,take,ids,publish}"},
    {"RunbookRuns", S "/runbookRuns{/id}{?skip,take,ids,projects,environments,tenants,runbooks,"
                      "taskState,partialName}"},
    {"Variables", S "/variables{/id}{?ids}"},
    {"LibraryVariables", S "/libraryvariablesets{/id}{?skip,contentType,take,ids,partialName}"},
    {"Feeds", S "/feeds{/id}{?skip,take,ids,partialName,feedType}"},
    {"Packages", S "/packages{/id}{?nuGetPackageId,filter,latest,skip,take,includeNotes}"},
    {"PackageUpload", S "/packages/raw{?replace,overwriteMode}"},
    {"PackagesBulk", S "/packages/bulk{?ids}"},
    {"PackageNotesList", S "/packages/notes{?packageIds}"},
    {"PackageDeltaSignature", S "/packages/{packageId}/{version}/delta-signature"},
    {"BuildInformation",
     S "/build-information{/id}{?packageId,filter,latest,skip,take,overwriteMode}"},
    {"BuildInformationBulk", S "/build-information/bulk{?ids}"},
    {"Artifacts", S "/artifacts{/id}{?skip,take,regarding,ids,partialName,order}"},
    {"Interruptions", S "/interruptions{/id}{?skip,take,regarding,pendingOnly,ids}"},
    {"Events", "/api/events{/id}{?skip,regarding,regardingAny,user,users,projects,projectGroups,"
               "environments,eventGroups,eventCategories,eventAgents,tags,tenants,from,to,internal,"
               "fromAutoId,toAutoId,documentTypes,asCsv,take,ids,spaces,includeSystem,"
               "excludeDifference}"},
    {"Dashboard", S "/dashboard{?projectId,releaseId,selectedTenants,selectedTags,showAll,"
                    "highestLatestVersionPerProjectAndEnvironment}"},
    {"DashboardDynamic", S "/dashboard/dynamic{?projects,environments,includePrevious}"},
    {"ProjectTriggers", S "/projecttriggers{/id}{?skip,take,ids,runbooks}"},
    {"ScheduledProjectTriggers", S "/scheduledprojecttriggers{/id}{?skip,take,ids}"},
    {"VariableNames", S "/variables/names{?project,runbook,projectEnvironmentsFilter}"},
    {"VariablePreview", S "/variables/preview{?project,runbook,environment,channel,tenant,action,"
                          "machine,role}"},
    {"Users", "/api/users{/id}{?skip,take,ids,filter}"},
    {"UserRoles", "/api/userroles{/id}{?skip,take,ids,partialName}"},
    {"ScopedUserRoles",
     "/api/scopeduserroles{/id}{?skip,take,ids,partialName,spaces,includeSystem}"},
    {"Teams", "/api/teams{/id}{?skip,take,ids,partialName,spaces,includeSystem}"},
    {"Register", "/api/users/register"},
    {"Invitations", "/api/users/invitations"},
    {"UserAuthentication", "/api/users/authentication{/userId}"},
    {"UserIdentityMetadata", "/api/users/identity-metadata"},
    {"TeamMembership", "/api/teammembership{?userId,spaces,includeSystem}"},
    {"PermissionDescriptions", "/api/permissions/all"},
    {"ServerStatus", "/api/serverstatus"},
    {"ServerHealthStatus", "/api/serverstatus/health"},
    {"Timezones", "/api/serverstatus/timezones"},
    {"ExtensionStats", "/api/serverstatus/extensions"},
    {"OctopusServerNodes", "/api/octopusservernodes{/id}{?skip,take,ids,partialName}"},
    {"OctopusServerClusterSummary", "/api/octopusservernodes/summary"},
    {"Certificates", S "/certificates{/id}{?skip,take,search,archived,tenant,firstResult,orderBy,"
                       "ids,partialName}"},
    {"Web", "/app"},
    {NULL, NULL},
};

static json_t *links_from(const char *self, const char *space_id)
{
    json_auto_t *bound = json_object();
    json_t *all = json_object();

    jv_set_str(bound, "SpaceId", space_id);
    jv_set_str(all, "Self", self);
    json_auto_t *rest = links_of(links, bound);
    ASSERT(json_object_update(all, rest) == 0);
    return all;
}

json_t *root_links(const char *space_id) { return links_from("/api", space_id); }

json_t *space_links(const char *space_id)
{
    CLEANUP(freep) char *self = xasprintf("/api/%s", space_id);

    return links_from(self, space_id);
}
