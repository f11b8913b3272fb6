/* permission.c - see permission.h. */
#include "model/permission.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"

#define SPACE PERMISSION_SPACE
#define SYSTEM PERMISSION_SYSTEM
#define BOTH (PERMISSION_SPACE | PERMISSION_SYSTEM)
#define PROJECTS (RESTRICT_PROJECTS | RESTRICT_GROUPS)
#define GROUPS RESTRICT_GROUPS
#define ENVIRONMENTS RESTRICT_ENVIRONMENTS
#define TENANTS RESTRICT_TENANTS
#define ALL (PROJECTS | ENVIRONMENTS | TENANTS)

const struct permission permissions[] = {
    {"AccountCreate", SPACE, ENVIRONMENTS, "AccountView", "create accounts"},
    {"AccountDelete", SPACE, ENVIRONMENTS, "AccountView", "delete accounts"},
    {"AccountEdit", SPACE, ENVIRONMENTS, "AccountView", "change accounts"},
    {"AccountView", SPACE, ENVIRONMENTS, "AccountView", "view accounts"},
    {"ActionTemplateCreate", SPACE, 0, "ActionTemplateView", "create step templates"},
    {"ActionTemplateDelete", SPACE, 0, "ActionTemplateView", "delete step templates"},
    {"ActionTemplateEdit", SPACE, 0, "ActionTemplateView", "change step templates"},
    {"ActionTemplateView", SPACE, 0, "ActionTemplateView", "view step templates"},
    {"AdministerSystem", SYSTEM, 0, "AdministerSystem", "do everything, in every space"},
    {"ArtifactCreate", SPACE, ALL, "ArtifactView", "create artifacts"},
    {"ArtifactDelete", SPACE, ALL, "ArtifactView", "delete artifacts"},
    {"ArtifactEdit", SPACE, ALL, "ArtifactView", "change artifacts"},
    {"ArtifactView", SPACE, ALL, "ArtifactView", "view artifacts"},
    {"BuildInformationAdminister", SPACE, PROJECTS, "FeedView",
     "replace or delete build information"},
    {"BuildInformationPush", SPACE, PROJECTS, "FeedView", "push build information"},
    {"BuiltInFeedAdminister", SPACE, 0, "FeedView",
     "replace or delete packages of the built-in feed"},
    {"BuiltInFeedDownload", SPACE, 0, "FeedView",
     "read the bytes of packages of the built-in feed"},
    {"BuiltInFeedPush", SPACE, 0, "FeedView", "push new packages to the built-in feed"},
    {"CertificateCreate", SPACE, ENVIRONMENTS | TENANTS, "CertificateView", "create certificates"},
    {"CertificateDelete", SPACE, ENVIRONMENTS | TENANTS, "CertificateView", "delete certificates"},
    {"CertificateEdit", SPACE, ENVIRONMENTS | TENANTS, "CertificateView", "change certificates"},
    {"CertificateExportPrivateKey", SPACE, ENVIRONMENTS | TENANTS, "CertificateView",
     "read the private keys of certificates"},
    {"CertificateView", SPACE, ENVIRONMENTS | TENANTS, "CertificateView", "view certificates"},
    {"ConfigureServer", SYSTEM, 0, "ConfigureServer",
     "change the settings of the server; view and change workers"},
    {"DefectReport", SPACE, PROJECTS, "ReleaseView", "keep a release from the next phase"},
    {"DefectResolve", SPACE, PROJECTS, "ReleaseView", "let a release go to the next phase again"},
    {"DeploymentCreate", SPACE, ALL, "DeploymentView", "create deployments"},
    {"DeploymentDelete", SPACE, ALL, "DeploymentView", "delete deployments"},
    {"DeploymentFreezeAdminister", SYSTEM, 0, "DeploymentFreezeAdminister",
     "create, change, delete and override deployment freezes"},
    {"DeploymentView", SPACE, ALL, "DeploymentView", "view deployments"},
    {"EnvironmentCreate", SPACE, ENVIRONMENTS, "EnvironmentView", "create environments"},
    {"EnvironmentDelete", SPACE, ENVIRONMENTS, "EnvironmentView", "delete environments"},
    {"EnvironmentEdit", SPACE, ENVIRONMENTS, "EnvironmentView", "change environments"},
    {"EnvironmentView", SPACE, ENVIRONMENTS, "EnvironmentView", "view environments"},
    {"EventRetentionDelete", SYSTEM, 0, "EventRetentionView", "delete archived events"},
    {"EventRetentionView", SYSTEM, 0, "EventRetentionView", "view archived events"},
    {"EventView", BOTH, ALL, "EventView", "view the audit"},
    {"FeedEdit", SPACE, 0, "FeedView", "change feeds and their packages"},
    {"FeedView", SPACE, 0, "FeedView", "view feeds and their packages"},
    {"GitCredentialEdit", SPACE, 0, "GitCredentialView", "change Git credentials"},
    {"GitCredentialView", SPACE, 0, "GitCredentialView", "view Git credentials"},
    {"InsightsReportCreate", SPACE, 0, "InsightsReportView", "create Insights reports"},
    {"InsightsReportDelete", SPACE, 0, "InsightsReportView", "delete Insights reports"},
    {"InsightsReportEdit", SPACE, 0, "InsightsReportView", "change Insights reports"},
    {"InsightsReportView", SPACE, 0, "InsightsReportView", "view Insights reports"},
    {"InterruptionSubmit", SPACE, ALL, "InterruptionView", "answer what waits for a person"},
    {"InterruptionView", SPACE, ALL, "InterruptionView", "view what waits for a person"},
    {"InterruptionViewSubmitResponsible", SPACE, ALL, "InterruptionView",
     "view and answer what waits for a team of the caller"},
    {"LibraryVariableSetCreate", SPACE, 0, "LibraryVariableSetView",
     "create library variable sets"},
    {"LibraryVariableSetDelete", SPACE, 0, "LibraryVariableSetView",
     "delete library variable sets"},
    {"LibraryVariableSetEdit", SPACE, 0, "LibraryVariableSetView", "change library variable sets"},
    {"LibraryVariableSetView", SPACE, 0, "LibraryVariableSetView", "view library variable sets"},
    {"LifecycleCreate", SPACE, 0, "LifecycleView", "create lifecycles"},
    {"LifecycleDelete", SPACE, 0, "LifecycleView", "delete lifecycles"},
    {"LifecycleEdit", SPACE, 0, "LifecycleView", "change lifecycles"},
    {"LifecycleView", SPACE, 0, "LifecycleView", "view lifecycles"},
    {"MachineCreate", SPACE, ENVIRONMENTS | TENANTS, "MachineView", "create deployment targets"},
    {"MachineDelete", SPACE, ENVIRONMENTS | TENANTS, "MachineView", "delete deployment targets"},
    {"MachineEdit", SPACE, ENVIRONMENTS | TENANTS, "MachineView", "change deployment targets"},
    {"MachinePolicyCreate", SPACE, 0, "MachinePolicyView", "create machine policies"},
    {"MachinePolicyDelete", SPACE, 0, "MachinePolicyView", "delete machine policies"},
    {"MachinePolicyEdit", SPACE, 0, "MachinePolicyView", "change machine policies"},
    {"MachinePolicyView", SPACE, 0, "MachinePolicyView", "view machine policies"},
    {"MachineView", SPACE, ENVIRONMENTS | TENANTS, "MachineView", "view deployment targets"},
    {"ProcessEdit", SPACE, PROJECTS, "ProcessView", "change deployment processes and channels"},
    {"ProcessView", SPACE, PROJECTS, "ProcessView", "view deployment processes and channels"},
    {"ProjectCreate", SPACE, PROJECTS | TENANTS, "ProjectView", "create projects"},
    {"ProjectDelete", SPACE, PROJECTS | TENANTS, "ProjectView", "delete projects"},
    {"ProjectEdit", SPACE, PROJECTS | TENANTS, "ProjectView", "change projects"},
    {"ProjectGroupCreate", SPACE, GROUPS, "ProjectGroupView", "create project groups"},
    {"ProjectGroupDelete", SPACE, GROUPS, "ProjectGroupView", "delete project groups"},
    {"ProjectGroupEdit", SPACE, GROUPS, "ProjectGroupView", "change project groups"},
    {"ProjectGroupView", SPACE, GROUPS, "ProjectGroupView", "view project groups"},
    {"ProjectView", SPACE, PROJECTS | TENANTS, "ProjectView", "view projects"},
    {"ProxyCreate", SPACE, 0, "ProxyView", "create proxies"},
    {"ProxyDelete", SPACE, 0, "ProxyView", "delete proxies"},
    {"ProxyEdit", SPACE, 0, "ProxyView", "change proxies"},
    {"ProxyView", SPACE, 0, "ProxyView", "view proxies"},
    {"ReleaseCreate", SPACE, PROJECTS | TENANTS, "ReleaseView", "create releases"},
    {"ReleaseDelete", SPACE, PROJECTS | TENANTS, "ReleaseView", "delete releases"},
    {"ReleaseEdit", SPACE, PROJECTS | TENANTS, "ReleaseView", "change releases"},
    {"ReleaseView", SPACE, PROJECTS | TENANTS, "ReleaseView", "view releases"},
    {"RetentionAdminister", SPACE, 0, "RetentionAdminister", "change how long things are kept"},
    {"RunbookEdit", SPACE, PROJECTS, "RunbookView", "change runbooks and their snapshots"},
    {"RunbookRunCreate", SPACE, ALL, "RunbookRunView", "create runbook runs"},
    {"RunbookRunDelete", SPACE, ALL, "RunbookRunView", "delete runbook runs"},
    {"RunbookRunView", SPACE, ALL, "RunbookRunView", "view runbook runs"},
    {"RunbookSnapshotCreate", SPACE, PROJECTS, "RunbookView", "create snapshots of runbooks"},
    {"RunbookView", SPACE, PROJECTS, "RunbookView", "view runbooks and their snapshots"},
    {"SpaceCreate", SYSTEM, 0, "SpaceView", "create spaces"},
    {"SpaceDelete", SYSTEM, 0, "SpaceView", "delete spaces"},
    {"SpaceEdit", SYSTEM, 0, "SpaceView", "change spaces"},
    {"SpaceView", SYSTEM, 0, "SpaceView", "view spaces"},
    {"SubscriptionCreate", SPACE, 0, "SubscriptionView", "create subscriptions"},
    {"SubscriptionDelete", SPACE, 0, "SubscriptionView", "delete subscriptions"},
    {"SubscriptionEdit", SPACE, 0, "SubscriptionView", "change subscriptions"},
    {"SubscriptionView", SPACE, 0, "SubscriptionView", "view subscriptions"},
    {"TagSetCreate", SPACE, 0, "LibraryVariableSetView", "create tag sets"},
    {"TagSetDelete", SPACE, 0, "LibraryVariableSetView", "delete tag sets"},
    {"TagSetEdit", SPACE, 0, "LibraryVariableSetView", "change tag sets"},
    {"TargetTagAdminister", SPACE, 0, "TargetTagView", "create, change and delete target tags"},
    {"TargetTagView", SPACE, 0, "TargetTagView", "view target tags"},
    {"TaskCancel", BOTH, ALL, "TaskView", "ask tasks to stop"},
    {"TaskCreate", BOTH, ALL, "TaskView", "create tasks"},
    {"TaskEdit", BOTH, ALL, "TaskView", "change tasks"},
    {"TaskPrioritize", SPACE, ALL, "TaskView", "put tasks first in the queue"},
    {"TaskView", BOTH, ALL, "TaskView", "view tasks"},
    {"TeamCreate", BOTH, 0, "TeamView", "create teams"},
    {"TeamDelete", BOTH, 0, "TeamView", "delete teams"},
    {"TeamEdit", BOTH, 0, "TeamView", "change teams"},
    {"TeamView", BOTH, 0, "TeamView", "view teams"},
    {"TenantCreate", SPACE, TENANTS, "TenantView", "create tenants"},
    {"TenantDelete", SPACE, TENANTS, "TenantView", "delete tenants"},
    {"TenantEdit", SPACE, TENANTS, "TenantView", "change tenants"},
    {"TenantView", SPACE, TENANTS, "TenantView", "view tenants"},
    {"TriggerCreate", SPACE, PROJECTS, "TriggerView", "create triggers"},
    {"TriggerDelete", SPACE, PROJECTS, "TriggerView", "delete triggers"},
    {"TriggerEdit", SPACE, PROJECTS, "TriggerView", "change triggers"},
    {"TriggerView", SPACE, PROJECTS, "TriggerView", "view triggers"},
    {"UserEdit", SYSTEM, 0, "UserView", "change users"},
    {"UserInvite", SYSTEM, 0, "UserView", "invite people"},
    {"UserRoleEdit", SYSTEM, 0, "UserRoleView", "change user roles"},
    {"UserRoleView", SYSTEM, 0, "UserRoleView", "view user roles"},
    {"UserView", SYSTEM, 0, "UserView", "view users"},
    {"VariableEdit", SPACE, ALL, "VariableView", "change variables"},
    {"VariableEditUnscoped", SPACE, PROJECTS | TENANTS, "VariableViewUnscoped",
     "change variables that are not scoped to environments"},
    {"VariableView", SPACE, ALL, "VariableView", "view variables"},
    {"VariableViewUnscoped", SPACE, PROJECTS | TENANTS, "VariableViewUnscoped",
     "view variables that are not scoped to environments"},
    {"WorkerEdit", SPACE, 0, "WorkerView", "change workers and worker pools"},
    {"WorkerView", SPACE, 0, "WorkerView", "view workers and worker pools"},
};
const size_t permissions_n = ARRAY_LEN(permissions);
_Static_assert(ARRAY_LEN(permissions) <= PERMISSIONS_MAX, "sets of permissions are too small");

static int compare(const void *name, const void *row)
{
    return strcmp(name, ((const struct permission *)row)->name);
}

int permission_find(const char *name)
{
    const struct permission *p =
        bsearch(name, permissions, permissions_n, sizeof(*permissions), compare);

    return p ? (int)(p - permissions) : -1;
}

int permission_to_view(const char *item_type)
{
    static const struct {
        const char *type, *name;
    } others[] = {{"Channel", "ProcessView"},        {"DeploymentProcess", "ProcessView"},
                  {"RunbookProcess", "RunbookView"}, {"RunbookSnapshot", "RunbookView"},
                  {"VariableSet", "VariableView"},   {"WorkerPool", "WorkerView"},
                  {"Defect", "ReleaseView"},         {"TagSet", "LibraryVariableSetView"},
                  {"ScopedUserRole", "TeamView"},    {"ProjectTrigger", "TriggerView"}};
    CLEANUP(freep) char *name = xasprintf("%sView", item_type);

    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        if (strcmp(others[i].type, item_type) == 0) return permission_find(others[i].name);
    return permission_find(name);
}

int permissions_check(struct error *e)
{
    for (size_t i = 0; i < permissions_n; i++) {
        const struct permission *p = &permissions[i];
        if (i && strcmp(permissions[i - 1].name, p->name) >= 0)
            return fail(e, ERR_INTERNAL, "permission %s is not in its place", p->name);
        if (permission_find(p->view) < 0)
            return fail(e, ERR_INTERNAL, "permission %s: there is no %s", p->name, p->view);
    }
    return 0;
}

const struct field permission_fields[] = {
    {"CanApplyAtSpaceLevel", FIELD_BOOL, .doc = "true: can be granted in a space"},
    {"CanApplyAtSystemLevel", FIELD_BOOL, .doc = "true: can be granted for the whole server"},
    {"Description", FIELD_STRING, .doc = "what it allows"},
    {"SupportedRestrictions", FIELD_LIST, .item = FIELD_STRING,
     .doc = "what a grant of it can be restricted to"},
    {.name = NULL},
};

json_t *restrictions_document(unsigned restrictions)
{
    static const struct {
        unsigned bit;
        const char *name;
    } names[] = {{RESTRICT_ENVIRONMENTS, "Environments"},
                 {RESTRICT_GROUPS, "ProjectGroups"},
                 {RESTRICT_PROJECTS, "Projects"},
                 {RESTRICT_TENANTS, "Tenants"}};
    json_t *list = json_array();

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (restrictions & names[i].bit) jv_push(list, jv_string(names[i].name));
    return list;
}

json_t *permissions_document(void)
{
    json_t *all = json_object();

    for (size_t i = 0; i < permissions_n; i++) {
        const struct permission *p = &permissions[i];
        json_t *one = json_object();
        jv_set_bool(one, "CanApplyAtSpaceLevel", p->levels & SPACE);
        jv_set_bool(one, "CanApplyAtSystemLevel", p->levels & SYSTEM);
        jv_set_str(one, "Description", p->doc);
        jv_set(one, "SupportedRestrictions", restrictions_document(p->restrictions));
        jv_set(all, p->name, one);
    }
    return all;
}
