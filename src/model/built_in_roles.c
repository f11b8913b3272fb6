/* built_in_roles.c - the user roles that are always there, with the permissions that users of the
 * public clients expect of each. See permission.h. */
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "model/permission.h"

#define PEOPLE "TeamView UserRoleView UserView"
/* what everybody who works in projects sees */
#define PROJECT_VIEWS                                                                      \
    "AccountView ActionTemplateView ArtifactView CertificateView DeploymentView "          \
    "EnvironmentView EventView FeedView InsightsReportView InterruptionView "              \
    "LibraryVariableSetView LifecycleView MachinePolicyView ProcessView ProjectGroupView " \
    "ProjectView ReleaseView RunbookRunView RunbookView TargetTagView TaskView TeamView "  \
    "TenantView TriggerView"
#define PROJECT_EDITS                                                                            \
    " ActionTemplateCreate ActionTemplateDelete ActionTemplateEdit ArtifactCreate DefectReport " \
    "DefectResolve GitCredentialView InsightsReportEdit InterruptionViewSubmitResponsible "      \
    "LibraryVariableSetCreate LibraryVariableSetDelete LibraryVariableSetEdit MachineView "      \
    "ProcessEdit ProjectEdit RunbookEdit RunbookSnapshotCreate TargetTagAdminister TaskCreate "  \
    "TriggerCreate TriggerDelete TriggerEdit VariableEdit VariableView"

const struct built_in_role built_in_roles[] = {
    {"userroles-buildserver", "Build Server",
     "pushes packages and build information, creates releases, deploys them and runs runbooks",
     "BuildInformationAdminister BuildInformationPush BuiltInFeedAdminister BuiltInFeedDownload "
     "BuiltInFeedPush DeploymentCreate DeploymentView EnvironmentView FeedView InsightsReportView "
     "LibraryVariableSetView LifecycleView ProcessView ProjectView ReleaseCreate ReleaseView "
     "RunbookRunCreate RunbookRunView RunbookSnapshotCreate RunbookView TargetTagView "
     "TaskPrioritize TaskView TenantView",
     ""},
    {"userroles-certificatemanager", "Certificate Manager",
     "manages certificates and may export their private keys",
     "CertificateCreate CertificateDelete CertificateEdit CertificateExportPrivateKey "
     "CertificateView EnvironmentView TenantView",
     ""},
    {"userroles-deploymentcreator", "Deployment Creator", "deploys releases and runs runbooks",
     "DeploymentCreate DeploymentView EnvironmentView InsightsReportView LibraryVariableSetView "
     "LifecycleView ProcessView ProjectView ReleaseView RunbookRunCreate RunbookRunView "
     "RunbookView TargetTagView TaskView TenantView",
     ""},
    {"userroles-environmentmanager", "Environment Manager",
     "manages environments, workers, targets, accounts, proxies and machine policies",
     "AccountCreate AccountDelete AccountEdit AccountView CertificateView EnvironmentCreate "
     "EnvironmentDelete EnvironmentEdit EnvironmentView MachineCreate MachineDelete MachineEdit "
     "MachinePolicyCreate MachinePolicyDelete MachinePolicyEdit MachinePolicyView MachineView "
     "ProxyCreate ProxyDelete ProxyEdit ProxyView TargetTagAdminister TargetTagView TaskCancel "
     "TaskCreate TaskView TeamView WorkerEdit WorkerView",
     "TeamView"},
    {"userroles-environmentviewer", "Environment Viewer", "views environments and what is in them",
     "AccountView CertificateView EnvironmentView MachinePolicyView MachineView ProxyView "
     "TargetTagView TaskView TeamView WorkerView",
     "TeamView"},
    {"userroles-insightsreportmanager", "Insights Report Manager", "manages Insights reports",
     "EnvironmentView InsightsReportCreate InsightsReportDelete InsightsReportEdit "
     "InsightsReportView ProcessView ProjectGroupView ProjectView TargetTagView TenantView",
     ""},
    {"userroles-packagepublisher", "Package Publisher", "pushes packages and build information",
     "BuildInformationAdminister BuildInformationPush BuiltInFeedAdminister BuiltInFeedDownload "
     "BuiltInFeedPush FeedView",
     ""},
    {"userroles-projectcontributor", "Project Contributor",
     "edits projects; neither creates releases nor deploys", PROJECT_VIEWS PROJECT_EDITS, PEOPLE},
    {"userroles-projectdeployer", "Project Deployer",
     "edits projects, deploys releases and runs runbooks",
     PROJECT_VIEWS PROJECT_EDITS " DeploymentCreate InterruptionSubmit RunbookRunCreate TaskCancel",
     PEOPLE},
    {"userroles-projectinitiator", "Project Initiator", "creates projects and views them",
     PROJECT_VIEWS " DefectReport DefectResolve GitCredentialView InsightsReportCreate "
                   "InsightsReportDelete InsightsReportEdit ProjectCreate ProjectDelete "
                   "ProjectEdit",
     PEOPLE},
    {"userroles-projectlead", "Project Lead", "edits projects and creates releases",
     PROJECT_VIEWS PROJECT_EDITS
     " ArtifactDelete ArtifactEdit ReleaseCreate ReleaseDelete ReleaseEdit",
     PEOPLE},
    {"userroles-projectviewer", "Project Viewer", "views projects and what was done with them",
     PROJECT_VIEWS, PEOPLE},
    {"userroles-releasecreator", "Release Creator", "creates releases and edits runbooks",
     "EnvironmentView FeedView InsightsReportView ProcessView ProjectView ReleaseCreate "
     "ReleaseView RunbookEdit RunbookSnapshotCreate RunbookView TargetTagView",
     ""},
    {"userroles-runbookconsumer", "Runbook Consumer", "runs runbooks",
     "ActionTemplateView ArtifactView CertificateView EnvironmentView EventView FeedView "
     "InterruptionView LibraryVariableSetView MachinePolicyView MachineView ProjectGroupView "
     "ProjectView RunbookRunCreate RunbookRunView RunbookView TargetTagView TaskView TeamView "
     "TenantView TriggerView VariableView",
     ""},
    {"userroles-runbookproducer", "Runbook Producer", "edits and runs runbooks",
     "ActionTemplateCreate ActionTemplateDelete ActionTemplateEdit ActionTemplateView "
     "ArtifactCreate ArtifactDelete ArtifactEdit ArtifactView CertificateView EnvironmentView "
     "EventView FeedView InterruptionSubmit InterruptionView InterruptionViewSubmitResponsible "
     "LibraryVariableSetCreate LibraryVariableSetDelete LibraryVariableSetEdit "
     "LibraryVariableSetView LifecycleView MachinePolicyView MachineView ProjectCreate "
     "ProjectDelete ProjectEdit ProjectGroupView ProjectView RunbookEdit RunbookRunCreate "
     "RunbookRunDelete RunbookRunView RunbookSnapshotCreate RunbookView TargetTagView TaskCancel "
     "TaskCreate TaskView TeamView TenantView TriggerCreate TriggerDelete TriggerEdit TriggerView "
     "VariableEdit VariableView",
     ""},
    {ROLE_SPACE_MANAGER, "Space Manager", "does everything in a space", NULL,
     "DeploymentFreezeAdminister " PEOPLE},
    {ROLE_SYSTEM_ADMINISTRATOR, "System Administrator", "does everything, in every space", "",
     NULL},
    {"userroles-systemmanager", "System Manager",
     "manages spaces, people and the settings of the server", "",
     "ConfigureServer DeploymentFreezeAdminister EventRetentionDelete EventRetentionView EventView "
     "SpaceCreate SpaceDelete SpaceEdit SpaceView TaskCancel TaskCreate TaskEdit TaskView "
     "TeamCreate TeamDelete TeamEdit TeamView UserEdit UserInvite UserRoleEdit UserRoleView "
     "UserView"},
    {"userroles-tenantmanager", "Tenant Manager", "manages tenants and their tags",
     "EnvironmentView LibraryVariableSetView ProjectGroupView ProjectView TagSetCreate "
     "TagSetDelete TagSetEdit TenantCreate TenantDelete TenantEdit TenantView VariableEdit "
     "VariableView",
     ""},
};
const size_t built_in_roles_n = ARRAY_LEN(built_in_roles);

static bool names(const char *list, const char *name)
{
    struct str rest = str_of(list), one;

    while (str_cut(&rest, ' ', &one))
        if (str_eq(one, name)) return true;
    return false;
}

json_t *built_in_role_grants(const struct built_in_role *r, enum permission_level level)
{
    const char *list = level == PERMISSION_SPACE ? r->space : r->system;
    json_t *granted = json_array();

    for (size_t i = 0; i < permissions_n; i++)
        if (list ? names(list, permissions[i].name) : (permissions[i].levels & level) != 0)
            jv_push(granted, jv_string(permissions[i].name));
    return granted;
}
