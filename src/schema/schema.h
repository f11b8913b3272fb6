/* schema.h - documents through their field tables: decode, encode, describe, references.
 *
 * A stored document is a JSON object with exactly the members of its table (and private ones that a
 * caller adds beside them: those never appear in answers). A secret is stored as {"Sealed": text}.
 *
 * Input, the rules of the public clients: names bind ignoring case, unknown members are ignored,
 * null is the same as absent, enumerations match ignoring case. Absent members get their default,
 * on updates too; read-only and create-only ones and secrets keep what is stored.
 *
 * Secrets are written as {"HasValue": true, "NewValue": "text"} and seen as {"HasValue": true,
 * "NewValue": null, "Hint": null}. NewValue null with HasValue true or absent keeps the stored one
 * (true where none is stored is a mistake), with HasValue false removes it. Inside lists the stored
 * object belongs to the one sent with the same Id, else the same Name, else, when the rows have
 * neither, the same place.
 *
 * Any thread; a json_t belongs to one thread at a time. */
#ifndef SCHEMA_SCHEMA_H
#define SCHEMA_SCHEMA_H
#include "base/arena.h"
#include "schema/field.h"
#include "schema/problems.h"

/** Seals secrets. Returns text that the caller frees. */
struct sealer {
    char *(*seal)(void *ctx, const char *plain);
    void *ctx;
};

/** Makes the document to store out of ${in}, what a client sent. ${stored}: the document that it
 * replaces, NULL on create. ${sealer}: needed when the table has SENSITIVE rows. Adds everything
 * wrong to ${p}. 0: *${ret} is a new document, all members in table order; -1: ${p} says why and
 * *${ret} is untouched. Whether referenced resources exist is not asked here. */
int schema_decode(const struct field *table, const json_t *in, const json_t *stored,
                  const struct sealer *sealer, json_t **ret, struct problems *p) MUST_USE;

/** The answer for a stored document (or for one made in memory): the members of the table in its
 * order, defaults for what is missing, no secret. New reference. */
json_t *schema_encode(const struct field *table, const json_t *stored);

/** The table as JSON schema in the dialect of OpenAPI 3.0. New reference. */
json_t *schema_describe(const struct field *table);

/** One id that a document points to, or a plain value that lists can be narrowed by. */
struct reference {
    const char *member;  /* names from the document down, e.g. "Steps.Actions.WorkerPoolId" */
    const char *id;      /* not ""; of a plain value: as reference_value makes it */
    const char *kind;    /* "WorkerPools"; NULL: a plain value */
    const char *pointer; /* JSON pointer of the value, for messages */
    bool restricts;      /* must exist, and cannot be deleted while this stands */
};
struct references {
    struct arena *arena;
    struct reference *items;
    size_t n, cap;
};
#define REFERENCES_INIT(a) \
    {                      \
        .arena = (a)       \
    }
/** Adds what the rows of ${table} with ref_kind or FIELD_FILTER hold in ${doc}; texts are copied to
 * the arena. */
void schema_references(const struct field *table, const json_t *doc, struct references *out);
/** Adds one, for references that no row can say. */
void references_add(struct references *out, struct reference r);
/** The same for a plain value; NULL and blank: none. */
void references_add_value(struct references *out, const char *member, const char *value);
/** A plain value as it is stored and asked for: without case, its first 200 bytes. In the arena. */
const char *reference_value(struct arena *a, const char *value);

/** The text of a pointer token: '~' and '/' escaped. In the arena. */
const char *pointer_token(struct arena *a, const char *name);
#endif
