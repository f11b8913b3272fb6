/* library_variable_set.c - variables, or a script module, that several projects include. Its
 * variables are a variable set of its own. See resource.h. */
#include "base/id.h"
#include "base/str.h"
#include "model/command.h"
#include "model/resource.h"
#include "model/shape.h"

static const char *const contents[] = {"Variables", "ScriptModule", NULL};

static const struct field template_fields[] = {
    {"Id", FIELD_STRING, FIELD_BLANK_NULL, .doc = "identifier; new when empty"},
    {"Name", FIELD_STRING, FIELD_REQUIRED, .max = NAME_MAX_CHARACTERS, .doc = "name"},
    {"Label", FIELD_STRING, .doc = "the question"},
    {"HelpText", FIELD_STRING, .doc = "help for the question"},
    {"DefaultValue", FIELD_SENSITIVE, FIELD_PLAIN_TOO,
     .doc = "value when none is given; a text or a sensitive value"},
    {"DisplaySettings", FIELD_MAP, .item = FIELD_STRING, .doc = "how it is asked"},
    {.name = NULL},
};

const struct field library_variable_set_fields[] = {
    ROW_ID,
    ROW_SPACE,
    ROW_NAME("name, unique in its space"),
    ROW_DESCRIPTION,
    {"ContentType", FIELD_STRING, FIELD_CREATE_ONLY | FIELD_FILTER, .choices = contents,
     .fallback = "\"Variables\"", .doc = "what is in it"},
    {"VariableSetId", FIELD_STRING, FIELD_READ_ONLY, .doc = "its variables"},
    {"Templates", FIELD_LIST, .item = FIELD_OBJECT, .fields = template_fields,
     .doc = "variables that tenants give"},
    ROW_LINKS,
    {.name = NULL},
};

static void complete(json_t *doc)
{
    json_t *one;
    size_t i;
    char id[UUID_SIZE];

    jv_set(doc, "VariableSetId", json_sprintf("variableset-%s", jv_str(doc, "Id", "")));
    json_array_foreach (jv_get(doc, "Templates"), i, one)
        if (str_blank(jv_str(one, "Id", NULL))) jv_set_str(one, "Id", id_uuid(id));
}

#define SET "/api/{SpaceId}/libraryvariablesets/{Id}"
static const struct link_template links[] = {
    {"Self", SET},
    {"Variables", "/api/{SpaceId}/variables/{VariableSetId}"},
    {"Usages", SET "/usages"},
    {NULL, NULL},
};

const struct resource library_variable_set_resource = {
    .kind = "LibraryVariableSets",
    .item_type = "LibraryVariableSet",
    .noun = "Library variable set",
    .route = "libraryvariablesets",
    .fields = library_variable_set_fields,
    .links = links,
    .name_member = "Name",
    .unique_names = true,
    .order = ORDER_BY_NAME,
    .complete = complete,
};

/* ---- who uses one ---- */

static const struct field snapshot_usage_fields[] = {
    {"SnapshotId", FIELD_STRING, FIELD_REQUIRED, .doc = "the snapshot"},
    {"SnapshotName", FIELD_STRING, .doc = "its name"},
    {"RunbookId", FIELD_STRING, .doc = "its runbook"},
    {.name = NULL},
};
static const struct field release_usage_fields[] = {
    {"ReleaseId", FIELD_STRING, FIELD_REQUIRED, .doc = "the release"},
    {"ReleaseVersion", FIELD_STRING, .doc = "its version"},
    {.name = NULL},
};
static const struct field project_usage_fields[] = {
    {"ProjectId", FIELD_STRING, FIELD_REQUIRED, .doc = "the project"},
    {"ProjectName", FIELD_STRING, .doc = "its name"},
    {"ProjectSlug", FIELD_STRING, .doc = "its slug"},
    {"IsCurrentlyBeingUsedInProject", FIELD_BOOL, .doc = "false: only by what was frozen"},
    {"Releases", FIELD_LIST, .item = FIELD_OBJECT, .fields = release_usage_fields,
     .doc = "releases that have frozen it"},
    {"RunbookSnapshots", FIELD_LIST, .item = FIELD_OBJECT, .fields = snapshot_usage_fields,
     .doc = "runbook snapshots that have frozen it"},
    {.name = NULL},
};
const struct field library_usage_fields[] = {
    {"Id", FIELD_STRING, FIELD_REQUIRED, .doc = "the library variable set"},
    {"Projects", FIELD_LIST, .item = FIELD_OBJECT, .fields = project_usage_fields,
     .doc = "projects that use it"},
    {"CountOfProjectsUserCannotSee", FIELD_INT, FIELD_REQUIRED, .doc = "always 0"},
    {"CountOfReleasesUserCannotSee", FIELD_INT, FIELD_REQUIRED, .doc = "always 0"},
    {"CountOfRunbookSnapshotsUserCannotSee", FIELD_INT, FIELD_REQUIRED, .doc = "always 0"},
    ROW_LINKS,
    {.name = NULL},
};
