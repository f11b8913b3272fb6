/* openapi.h - the OpenAPI 3.0 document of the whole API, from the route tables. Pure: same tables,
 * same bytes. */
#ifndef API_OPENAPI_H
#define API_OPENAPI_H
#include "api/route.h"
#include "base/json.h"

struct openapi_options {
    const struct route_table *const *tables;
    size_t n_tables;
    const char *title, *version;
    /** The JSON schema of a field table, new reference; NULL: bodies are plain objects. */
    json_t *(*schema_of)(const struct field *table);
};
/** New reference. */
json_t *openapi_document(const struct openapi_options *o);
#endif
