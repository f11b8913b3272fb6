/* permission.c - the catalogue and the built-in roles. */
#include "model/permission.h"
#include "model/resource.h"
#include "tests/lib/tap.h"

#include "base/str.h"

TEST(the_catalogue_is_in_order_and_complete)
{
    struct error err = {0};

    EXPECT_OK(permissions_check(&err));
    EXPECT_INT(permission_find("NoSuchPermission"), -1);
    EXPECT_INT(permission_find("accountview"), -1);
    for (size_t i = 0; i < permissions_n; i++) EXPECT_INT(permission_find(permissions[i].name), i);
}

static void expect_level(const char *list, enum permission_level level)
{
    struct str rest = str_of(list), one;

    while (list && str_cut(&rest, ' ', &one)) {
        CLEANUP(freep) char *name = xstrndup(one.p, one.n);
        int at = permission_find(name);
        if (at < 0 || !(permissions[at].levels & level)) tap_fail(__FILE__, __LINE__, "%s", name);
    }
}

TEST(a_built_in_role_grants_permissions_of_the_catalogue_at_their_level)
{
    for (size_t i = 0; i < built_in_roles_n; i++) {
        expect_level(built_in_roles[i].space, PERMISSION_SPACE);
        expect_level(built_in_roles[i].system, PERMISSION_SYSTEM);
    }
}

static json_t *granted(const char *id, enum permission_level level)
{
    for (size_t i = 0; i < built_in_roles_n; i++)
        if (strcmp(built_in_roles[i].id, id) == 0)
            return built_in_role_grants(&built_in_roles[i], level);
    return NULL;
}

TEST(workers_are_viewed_by_environment_viewers_and_changed_by_managers)
{
    json_auto_t *viewer = granted("userroles-environmentviewer", PERMISSION_SPACE);
    json_auto_t *manager = granted("userroles-environmentmanager", PERMISSION_SPACE);
    json_auto_t *space = granted(ROLE_SPACE_MANAGER, PERMISSION_SPACE);
    json_auto_t *project = granted("userroles-projectlead", PERMISSION_SPACE);

    EXPECT(jv_has(viewer, "WorkerView") && !jv_has(viewer, "WorkerEdit"));
    EXPECT(jv_has(manager, "WorkerView") && jv_has(manager, "WorkerEdit"));
    EXPECT(jv_has(space, "WorkerView") && jv_has(space, "WorkerEdit"));
    EXPECT(!jv_has(project, "WorkerView"));
}

TEST(a_space_manager_gets_no_permission_to_administer_the_server)
{
    json_auto_t *system = granted(ROLE_SPACE_MANAGER, PERMISSION_SYSTEM);
    json_auto_t *all = granted(ROLE_SYSTEM_ADMINISTRATOR, PERMISSION_SYSTEM);

    EXPECT(!jv_has(system, "AdministerSystem") && !jv_has(system, "UserEdit"));
    EXPECT(jv_has(all, "AdministerSystem") && jv_has(all, "ConfigureServer"));
}

TEST(a_role_names_permissions_of_the_catalogue_only)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct problems p = PROBLEMS_INIT(&a);
    json_auto_t *doc =
        json_pack("{s:[s,s,s],s:[s]}", "GrantedSpacePermissions", "FeedView", "FlyToTheMoon",
                  "UserEdit", "GrantedSystemPermissions", "ProjectView");

    resource_check(&user_role_resource, doc, &p);
    EXPECT_INT(p.n, 3);
    EXPECT_STR(p.items[0].pointer, "/GrantedSpacePermissions/1");
    EXPECT_STR(p.items[0].message, "there is no permission 'FlyToTheMoon'");
    EXPECT_STR(p.items[1].message, "UserEdit can be granted for the whole server only");
    EXPECT_STR(p.items[2].message, "ProjectView can be granted in a space only");
}

TEST(a_kind_of_thing_is_viewed_by_the_permission_of_its_name_or_of_what_holds_it)
{
    static const struct {
        const char *type, *view;
    } rows[] = {{"Project", "ProjectView"},     {"Channel", "ProcessView"},
                {"WorkerPool", "WorkerView"},   {"Release", "ReleaseView"},
                {"Defect", "ReleaseView"},      {"Team", "TeamView"},
                {"VariableSet", "VariableView"}};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        EXPECT_INT(permission_to_view(rows[i].type), permission_find(rows[i].view));
    EXPECT_INT(permission_to_view("Nothing"), -1);
}
