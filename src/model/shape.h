/* shape.h - rows and tables that several resources share. For the files of this folder. */
#ifndef MODEL_SHAPE_H
#define MODEL_SHAPE_H
#include "schema/field.h"

#define NAME_MAX_CHARACTERS 200

#define ROW_ID                                                                    \
    {                                                                             \
        "Id", FIELD_STRING, FIELD_READ_ONLY | FIELD_REQUIRED, .doc = "identifier" \
    }
#define ROW_SPACE                                                             \
    {                                                                         \
        "SpaceId", FIELD_STRING, FIELD_READ_ONLY, .doc = "the space it is in" \
    }
#define ROW_NAME(text)                                                                \
    {                                                                                 \
        "Name", FIELD_STRING, FIELD_REQUIRED, .max = NAME_MAX_CHARACTERS, .doc = text \
    }
#define ROW_SLUG                                                                  \
    {                                                                             \
        "Slug", FIELD_STRING, FIELD_BLANK_NULL | FIELD_KEEP,                      \
            .max = NAME_MAX_CHARACTERS,                                           \
            .doc = "its name in addresses; made of the name when it is not given" \
    }
#define ROW_DESCRIPTION                                                          \
    {                                                                            \
        "Description", FIELD_STRING, .fallback = "\"\"", .doc = "what it is for" \
    }
#define ROW_LINKS                                                                            \
    {                                                                                        \
        "Links", FIELD_MAP, FIELD_READ_ONLY,                                                 \
            .item = FIELD_STRING, .doc = "addresses of what belongs to it, as URI templates" \
    }
/** The project of something that belongs to one. */
#define ROW_PROJECT                                                    \
    {                                                                  \
        "ProjectId", FIELD_STRING, FIELD_REQUIRED | FIELD_CREATE_ONLY, \
            .ref_kind = "Projects", .doc = "the project it belongs to" \
    }

extern const char *const guided_failure_choices[]; /* EnvironmentDefault Off On */
extern const char *const tenancy_choices[];        /* Untenanted TenantedOrUntenanted Tenanted */
extern const char *const retention_unit_choices[]; /* Days Items */
extern const struct field retention_fields[];      /* lifecycle.c */
extern const struct field dashboard_item_fields[]; /* progression.c */
extern const struct field reference_item_fields[]; /* progression.c */
extern const struct field connectivity_fields[];   /* project.c */
extern const struct field extension_fields[];      /* environment.c */
extern const struct field selected_package_fields[], selected_git_fields[]; /* release.c */
extern const struct field git_reference_fields[];                           /* release.c */

/** Makes Strategy and ShouldKeepForever of a retention period say the same. NULL and JSON null are
 * left alone. */
void retention_complete(json_t *period);
#endif
