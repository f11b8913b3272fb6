/* resource.h - what a kind of resource is: fields, links, names, pure rules; and the
 * list of them all.
 *
 * One descriptor per noun, in model/<noun>.c. The API's generic handlers and the store's document
 * rows are driven by it. Order of a write: schema_decode, then (Id, SpaceId, Slug set by the
 * caller) resource_complete, resource_references; resource_check at any time after decoding, it
 * needs nothing that is set later. Constants: any thread. */
#ifndef MODEL_RESOURCE_H
#define MODEL_RESOURCE_H
#include "schema/schema.h"

/** A name and a path. {Member} (upper-case first letter) stands for that member of the document,
 * percent-encoded; a link whose member is absent, null or "" is left out. {/x}, {?a,b} and {x} are
 * for clients to expand and stay. Tables end with {NULL, NULL}. */
struct link_template {
    const char *name, *path;
};

enum resource_order {
    ORDER_BY_NAME,
    ORDER_BY_SORT, /* member SortOrder, then name */
    ORDER_NEWEST,  /* newest first */
    ORDER_OLDEST,
};

struct resource {
    const char *kind;        /* prefix of ids and kind of documents: "WorkerPools" */
    const char *item_type;   /* "WorkerPool": name of the schema, ItemType of pages */
    const char *noun;        /* for people: "Worker pool" */
    const char *route;       /* "workerpools": below /api/{SpaceId}/, or /api/ when system */
    const char *route_alias; /* the same below what holds it: "triggers"; NULL: none */
    bool system;             /* in no space */
    const struct field *fields;
    const struct link_template *links;
    const char *name_member;  /* what it is called: "Name", "Version"; NULL: nothing */
    bool unique_names;        /* in its space, or among those of the same owner */
    const char *owner_member; /* "ProjectId": what it belongs to and is deleted with; NULL: none */
    bool has_slug;            /* member Slug, unique as names are */
    enum resource_order order;
    /** Fills members that follow from others (DeploymentProcessId from Id, ids of new steps). May
     * be NULL. */
    void (*complete)(json_t *doc);
    /** Rules that span members. May be NULL. */
    void (*check)(const json_t *doc, struct problems *p);
    /** Members that follow from the time of day (UTC ms), in answers. May be NULL. */
    void (*present)(json_t *doc, int64_t now_ms);
    /** References that no field row can say. May be NULL. */
    void (*refer)(const json_t *doc, struct references *out);
};

extern const struct resource *const resources[]; /* NULL at the end */
/** NULL when there is none; ${kind} exactly, ${route} ignoring case. */
const struct resource *resource_by_kind(const char *kind);
const struct resource *resource_by_route(const char *route);

void resource_complete(const struct resource *r, json_t *doc);
void resource_check(const struct resource *r, const json_t *doc, struct problems *p);
void resource_references(const struct resource *r, const json_t *doc, struct references *out);

/** The Links object of a document: the same for every requester. New reference. */
json_t *resource_links(const struct resource *r, const json_t *doc);
/** What clients see: schema_encode and Links. New reference. */
json_t *resource_answer(const struct resource *r, const json_t *doc);
/** ${table} filled from ${doc}. New reference. */
json_t *links_of(const struct link_template *table, const json_t *doc);

/** What kind of resource owns a variable set. */
const struct resource *variable_set_owner(const char *owner_id);

/** All descriptors and command tables pass their self-check; ERR_INTERNAL names the first that does
 * not. The server must not start then. */
int resources_check(struct error *e) MUST_USE;

/* a line each, so that what is added at the same time does not meet */
/* clang-format off */
extern const struct field space_fields[];
extern const struct field server_certificate_fields[];
extern const struct field certificate_fields[];
extern const struct field scoped_user_role_fields[];
extern const struct field team_fields[];
extern const struct field user_role_fields[];
extern const struct field user_fields[];
extern const struct field environment_fields[];
extern const struct field project_group_fields[];
extern const struct field lifecycle_fields[];
extern const struct field project_fields[];
extern const struct field channel_fields[];
extern const struct field deployment_process_fields[];
extern const struct field variable_set_fields[];
extern const struct field release_fields[];
extern const struct field deployment_fields[];
extern const struct field runbook_fields[];
extern const struct field runbook_process_fields[];
extern const struct field runbook_snapshot_fields[];
extern const struct field runbook_run_fields[];
extern const struct field worker_pool_fields[];
extern const struct field worker_fields[];
extern const struct field machine_policy_fields[];
extern const struct field task_fields[];
extern const struct field artifact_fields[];
extern const struct field event_fields[];
extern const struct field interruption_fields[];
extern const struct field feed_fields[];
extern const struct field server_node_fields[];
extern const struct field maintenance_fields[];
extern const struct field defect_fields[];
extern const struct field machine_fields[];
extern const struct field account_fields[];
extern const struct field proxy_fields[];
extern const struct field library_variable_set_fields[];
extern const struct field tag_set_fields[];
extern const struct field project_trigger_fields[];
extern const struct resource space_resource;
extern const struct resource server_certificate_resource;
extern const struct resource certificate_resource;
extern const struct resource scoped_user_role_resource;
extern const struct resource team_resource;
extern const struct resource user_role_resource;
extern const struct resource user_resource;
extern const struct resource environment_resource;
extern const struct resource project_group_resource;
extern const struct resource lifecycle_resource;
extern const struct resource project_resource;
extern const struct resource channel_resource;
extern const struct resource deployment_process_resource;
extern const struct resource variable_set_resource;
extern const struct resource release_resource;
extern const struct resource deployment_resource;
extern const struct resource runbook_resource;
extern const struct resource runbook_process_resource;
extern const struct resource runbook_snapshot_resource;
extern const struct resource runbook_run_resource;
extern const struct resource worker_pool_resource;
extern const struct resource worker_resource;
extern const struct resource machine_policy_resource;
extern const struct resource task_resource;
extern const struct resource artifact_resource;
extern const struct resource event_resource;
extern const struct resource interruption_resource;
extern const struct resource feed_resource;
extern const struct resource server_node_resource;
extern const struct resource maintenance_resource;
extern const struct resource defect_resource;
extern const struct resource machine_resource;
extern const struct resource account_resource;
extern const struct resource proxy_resource;
extern const struct resource library_variable_set_resource;
extern const struct resource tag_set_resource;
extern const struct resource project_trigger_resource;
extern const struct link_template retention_policy_links[];
extern const struct field package_fields[];
extern const struct field build_information_fields[];
extern const struct resource package_resource;
extern const struct resource build_information_resource;
/** The id of the built-in feed of a space: clients know the one of the first space by it. */
const char *feed_builtin_id(struct arena *a, const char *space_id);
/* clang-format on */
#endif
