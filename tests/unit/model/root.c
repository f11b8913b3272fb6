/* root.c - the root documents: the names and templates that the public clients look up. */
#include "model/root.h"
#include "tests/lib/tap.h"

#include "base/alloc.h"
#include "base/json.h"
#include "base/str.h"

TEST(templates_are_those_that_clients_expand)
{
    static const struct {
        const char *name, *path;
    } rows[] = {
        {"Self", "/api"},
        {"SpaceHome", "/api/{spaceId}"},
        {"Spaces", "/api/spaces{/id}{?name,skip,ids,take,partialName}"},
        {"CurrentUser", "/api/users/me"},
        {"SignIn", "/api/users/login{?returnUrl}"},
        {"CertificateConfiguration",
         "/api/configuration/certificates{/id}{?skip,take,ids,partialName}"},
        /* without thumbprint here, deregistering by thumbprint matches every worker */
        {"Workers", "/api/Spaces-1/workers{/id}{?skip,take,name,ids,partialName,isDisabled,"
                    "healthStatuses,commStyles,workerPoolIds,thumbprint,shellNames}"},
        {"WorkerPools", "/api/Spaces-1/workerpools{/id}{?name,skip,ids,take,partialName}"},
        {"WorkerPoolsSortOrder", "/api/Spaces-1/workerpools/sortorder"},
        {"WorkerPoolSortOrder", "/api/Spaces-1/workerpools/sortorder"},
        {"Tasks",
         "/api/tasks{/id}{?skip,active,environment,tenant,runbook,project,name,node,running,states,"
         "hasPendingInterruptions,hasWarningsOrErrors,take,ids,partialName,spaces,includeSystem}"},
        {"Projects", "/api/Spaces-1/projects{/id}{?name,skip,ids,clone,take,partialName,"
                     "clonedFromProjectId}"},
        {"RunbookProcesses", "/api/Spaces-1/runbookProcesses{/id}{?skip,take,ids}"},
        {"Accounts", "/api/Spaces-1/accounts{/id}{?skip,take,ids,partialName,accountType}"},
        {"Web", "/app"},
    };
    json_auto_t *links = root_links("Spaces-1");

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        EXPECT_STR(json_string_value(json_object_get(links, rows[i].name)), rows[i].path);
}

TEST(both_root_documents_have_the_same_names)
{
    json_auto_t *root = root_links("Spaces-1"), *space = space_links("Spaces-42");
    const char *name;
    json_t *path;

    EXPECT_STR(jv_str(space, "Self", ""), "/api/Spaces-42");
    EXPECT_STR(jv_str(space, "Environments", ""),
               "/api/Spaces-42/environments{/id}{?name,skip,ids,take,partialName}");
    EXPECT_INT(json_object_size(root), json_object_size(space));
    EXPECT(json_object_size(root) >= 70);
    json_object_foreach (root, name, path) {
        EXPECT(json_object_get(space, name) != NULL);
        EXPECT(str_starts(json_string_value(path), "/a") && !strstr(json_string_value(path), "{S"));
    }
}

TEST(every_name_that_the_reference_lists_is_there)
{
    static const char names[] =
        "Self SpaceHome Spaces CurrentUser SignIn SignOut CertificateConfiguration Workers "
        "DiscoverWorker WorkerOperatingSystems WorkerShells WorkerPools "
        "WorkerPoolsDynamicWorkerTypes WorkerPoolsSortOrder WorkerPoolSortOrder WorkerPoolsSummary "
        "WorkerPoolsSupportedTypes MachinePolicies MachinePolicyTemplate MachineRoles Machines "
        "DiscoverMachine Proxies Accounts Tasks TaskTypes Projects ProjectGroups Environments "
        "Lifecycles Channels Releases Deployments DeploymentProcesses Runbooks RunbookProcesses "
        "RunbookSnapshots RunbookRuns Variables LibraryVariables Feeds Packages PackageUpload "
        "PackagesBulk PackageNotesList PackageDeltaSignature BuildInformation BuildInformationBulk "
        "Artifacts Interruptions Events Dashboard DashboardDynamic ProjectTriggers "
        "ScheduledProjectTriggers VariableNames VariablePreview Users UserRoles ScopedUserRoles "
        "Teams Register Invitations UserAuthentication UserIdentityMetadata TeamMembership "
        "PermissionDescriptions ServerStatus ServerHealthStatus Timezones ExtensionStats "
        "OctopusServerNodes OctopusServerClusterSummary Certificates Web";
    json_auto_t *links = root_links("Spaces-1");
    struct str rest = str_of(names), name;
    size_t n = 0;

    for (; str_cut(&rest, ' ', &name); n++) {
        CLEANUP(freep) char *key = xstrndup(name.p, name.n);
        if (!json_object_get(links, key))
            tap_fail(__FILE__, __LINE__, "no link %s", key), tap_stop();
    }
    EXPECT_INT(n, json_object_size(links));
}
