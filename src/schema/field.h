/* field.h - field tables: the members of a JSON document, declared once.
 *
 * A table is an array of rows that ends with a row without name. Decoding, validation, encoding,
 * the OpenAPI description and the list of references are made from it; SQL, permissions and rules
 * that span several members are not (the latter are functions beside the table, see
 * model/resource.h).
 *
 *     const struct field environment_fields[] = {
 *         {"Id", FIELD_STRING, FIELD_READ_ONLY, .doc = "identifier"},
 *         {"Name", FIELD_STRING, FIELD_REQUIRED, .max = 200, .doc = "name, unique in its space"},
 *         {"UseGuidedFailure", FIELD_BOOL, .doc = "ask a person when a step fails"},
 *         {NULL},
 *     };
 *
 * Tables are constants: any thread. */
#ifndef SCHEMA_FIELD_H
#define SCHEMA_FIELD_H
#include <stdbool.h>

#include "base/error.h"
#include "base/json.h"

/** At most ten kinds; what they cannot say is a FIELD_ANY and a function beside the table. */
enum field_type {
    FIELD_STRING,    /* text; with .choices an enumeration: matched ignoring case, kept as written
                        in .choices */
    FIELD_INT,       /* whole number; a text of digits is one too */
    FIELD_BOOL,      /* true, false; the texts "true" and "false" too */
    FIELD_TIME,      /* RFC 3339 text, kept as sent; "" = none */
    FIELD_SPAN,      /* [d.]hh:mm:ss[.fffffff], kept as sent; "" = none */
    FIELD_LIST,      /* array of .item */
    FIELD_OBJECT,    /* object with members .fields */
    FIELD_MAP,       /* object with any names, values of .item */
    FIELD_ANY,       /* any JSON, kept as it is */
    FIELD_SENSITIVE, /* a secret; kept sealed, never shown (schema.h) */
};

enum field_flag {
    FIELD_READ_ONLY = 1,  /* what clients send is ignored: the stored value stays */
    FIELD_REQUIRED = 2,   /* absent, null, blank and empty are refused; with FIELD_READ_ONLY: always
                             in answers, for the description only */
    FIELD_NULLABLE = 4,   /* null where the type would have a default: BOOL, LIST, MAP, OBJECT */
    FIELD_WRITE_ONLY = 8, /* decoded, never encoded: passwords */
    FIELD_CREATE_ONLY = 16, /* settable when created; updates keep the stored value */
    FIELD_OMIT_NULL = 32,   /* not in answers while null */
    FIELD_BLANK_NULL = 64,  /* "" and white space are null; rows with .ref_kind do so anyway */
    FIELD_PLAIN_TOO = 128,  /* SENSITIVE: a plain text is one too, and kept plain */
    FIELD_WEAK = 256,       /* .ref_kind: what it points to may be missing and may be deleted */
    FIELD_KEEP = 512,       /* absent from an update: the stored value stays */
    FIELD_FILTER = 1024,    /* STRING, BOOL, LIST of STRING: lists can be narrowed by its value */
};

struct field {
    const char *name; /* PascalCase; bound ignoring case */
    enum field_type type;
    unsigned flags;   /* enum field_flag */
    const char *doc;  /* lower case, no full stop; every row has one */
    int64_t min, max; /* STRING: characters; INT: range; LIST: items. min = max = 0: any; max = 0
                         with min: no upper bound */
    const char *fallback; /* JSON text used when absent; NULL: null, false, [], {} or, for an
                             OBJECT, its members' defaults */
    const char *const
        *choices; /* texts, NULL at the end; of STRING and of LIST and MAP of STRING */
    const struct field *fields; /* of OBJECT, and of LIST and MAP of OBJECT */
    enum field_type item;       /* of LIST and MAP: any but LIST and MAP */
    const char *ref_kind;       /* STRING, LIST of STRING: ids of resources of that kind */
    /** SENSITIVE: is it a secret in ${owner}, the object as it was sent? Otherwise a plain text.
     * Shown as null when it is one. */
    bool (*secret)(const json_t *owner);
};

/** The row called ${name} ignoring case; NULL. */
const struct field *field_find(const struct field *table, const char *name);

/** The self-check that runs at start: names given once ignoring case, docs, fallbacks that fit
 * their row, choices, fields and items where they belong. ERR_INTERNAL names table ${name} and the
 * row. */
int field_check(const char *name, const struct field *table, struct error *e) MUST_USE;
#endif
