/* decode.c (fuzz) - the first line names a table, the rest is any JSON: refused with a place and a
 * sentence, or decoded into a document that is in the table's shape, shows no secret, and that a
 * client can send back without changing it. The corpus has a document that each table takes. */
#include "base/map.h"
#include "base/str.h"
#include "base/utf8.h"
#include "model/command.h"
#include "model/resource.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
const char *corpus_missing(void);

#define MARK "TOPSECRET"
static char *seal(void *ctx, const char *plain) { return xstrdup(MARK); }
static const struct sealer sealer = {seal, NULL};

static void check_problems(const struct problems *p)
{
    struct error e = {0};

    ASSERT(p->n > 0 && p->n <= PROBLEMS_MAX && problems_fail(p, &e) < 0);
    ASSERT(e.kind == ERR_INVALID && e.text[0]);
    json_auto_t *texts = problems_json(p);
    ASSERT(json_array_size(texts) >= p->n);
}

/* Checks what the table makes of ${in}; did it take it? */
static bool check_table(const struct field *table, const json_t *in, struct arena *a)
{
    struct problems p = PROBLEMS_INIT(a);
    struct references refs = REFERENCES_INIT(a);
    json_auto_t *doc = NULL, *again = NULL;

    if (schema_decode(table, in, NULL, &sealer, &doc, &p) < 0) {
        check_problems(&p);
        return false;
    }
    ASSERT(p.n == 0);
    schema_references(table, doc, &refs);
    for (size_t i = 0; i < refs.n; i++) ASSERT(refs.items[i].pointer[0] == '/');
    json_auto_t *answer = schema_encode(table, doc);
    ASSERT(schema_decode(table, doc, doc, &sealer, &again, &p) == 0 && json_equal(doc, again));
    CLEANUP(freep) char *text = jv_text(answer);
    CLEANUP(freep) char *sent = jv_text(in);
    if (!strstr(sent, MARK)) ASSERT(!strstr(text, MARK));
    return true;
}

static bool check_resource(const struct resource *r, const json_t *in, struct arena *a)
{
    struct problems p = PROBLEMS_INIT(a);
    struct references refs = REFERENCES_INIT(a);
    json_auto_t *doc = NULL, *again = NULL;

    if (!check_table(r->fields, in, a)) return false;
    ASSERT(schema_decode(r->fields, in, NULL, &sealer, &doc, &p) == 0);
    jv_set_str(doc, "Id", "X-1");
    resource_check(r, doc, &p);
    if (p.n) {
        check_problems(&p);
        return false;
    }
    resource_complete(r, doc);
    resource_references(r, doc, &refs);
    json_auto_t *answer = resource_answer(r, doc);
    ASSERT(json_is_object(jv_get(answer, "Links")));
    /* what was read, sent back, is the same document */
    ASSERT(schema_decode(r->fields, answer, doc, &sealer, &again, &p) == 0);
    resource_complete(r, again);
    for (const struct field *row = r->fields; row->name; row++)
        if (row->flags & FIELD_WRITE_ONLY) {
            json_object_del(doc, row->name);
            json_object_del(again, row->name);
        }
    ASSERT(json_equal(again, doc));
    return true;
}

static struct map *taken; /* name of a table -> it took a document */

static const char *untaken(const char *name) { return taken && map_get(taken, name) ? NULL : name; }

const char *corpus_missing(void)
{
    const char *missing = NULL;

    for (size_t i = 0; resources[i] && !missing; i++) missing = untaken(resources[i]->item_type);
    for (size_t i = 0; command_tables[i].name && !missing; i++)
        missing = untaken(command_tables[i].name);
    return missing;
}

static void check(const char *name, const json_t *in, struct arena *a)
{
    const char *known = NULL;
    bool takes = false;

    for (size_t i = 0; resources[i] && !known; i++)
        if (strcmp(resources[i]->item_type, name) == 0) {
            known = resources[i]->item_type;
            takes = check_resource(resources[i], in, a);
        }
    for (size_t i = 0; command_tables[i].name && !known; i++)
        if (strcmp(command_tables[i].name, name) == 0) {
            known = command_tables[i].name;
            takes = check_table(command_tables[i].fields, in, a);
        }
    if (taken == NULL) taken = map_new(false);
    if (takes) map_put(taken, known, (void *)known);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct str rest = {(const char *)data, n}, name;
    json_auto_t *in = NULL;
    struct error e = {0};

    if (!str_cut(&rest, '\n', &name) || jv_parse(rest.p, rest.n, &in, &e) < 0) return 0;
    check(arena_strndup(&a, name.p, name.n), in, &a);
    return 0;
}
