/* schema_priv.h - what the files of this folder share. Any thread. */
#ifndef SCHEMA_SCHEMA_PRIV_H
#define SCHEMA_SCHEMA_PRIV_H
#include "schema/schema.h"

/** The row that describes one item of the LIST or MAP ${row}. */
struct field field_item(const struct field *row);
/** The fallback of ${row} as a value, NULL when it has none. New reference. */
json_t *field_fallback(const struct field *row);
/** null, false, [], {} as the type and FIELD_NULLABLE say; an OBJECT is an empty one. New
 * reference. */
json_t *field_empty(const struct field *row);
/** A text that holds a secret: {"Sealed": text}. */
bool field_is_sealed(const json_t *v);
/** NULL for JSON null. */
static inline json_t *not_null(json_t *v) { return json_is_null(v) ? NULL : v; }
#endif
