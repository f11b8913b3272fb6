/* decode.c (fuzz) - the first byte selects a table, the rest is any JSON: refused with a place and
 * a sentence, or decoded into a document that is in the table's shape, shows no secret, and that a
 * client can send back without changing it. */
#include "base/str.h"
#include "base/utf8.h"
#include "model/command.h"
#include "model/resource.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

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

static void check_table(const struct field *table, const json_t *in, struct arena *a)
{
    struct problems p = PROBLEMS_INIT(a);
    struct references refs = REFERENCES_INIT(a);
    json_auto_t *doc = NULL, *again = NULL;

    if (schema_decode(table, in, NULL, &sealer, &doc, &p) < 0) {
        check_problems(&p);
        return;
    }
    ASSERT(p.n == 0);
    schema_references(table, doc, &refs);
    for (size_t i = 0; i < refs.n; i++) ASSERT(refs.items[i].pointer[0] == '/');
    json_auto_t *answer = schema_encode(table, doc);
    ASSERT(schema_decode(table, doc, doc, &sealer, &again, &p) == 0 && json_equal(doc, again));
    CLEANUP(freep) char *text = jv_text(answer);
    CLEANUP(freep) char *sent = jv_text(in);
    if (!strstr(sent, MARK)) ASSERT(!strstr(text, MARK));
}

static void check_resource(const struct resource *r, const json_t *in, struct arena *a)
{
    struct problems p = PROBLEMS_INIT(a);
    struct references refs = REFERENCES_INIT(a);
    json_auto_t *doc = NULL, *again = NULL;

    check_table(r->fields, in, a);
    if (schema_decode(r->fields, in, NULL, &sealer, &doc, &p) < 0) return;
    jv_set_str(doc, "Id", "X-1");
    resource_check(r, doc, &p);
    if (p.n) {
        check_problems(&p);
        return;
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
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    json_auto_t *in = NULL;
    struct error e = {0};
    size_t n_resources = 0, n_commands = 0;

    while (resources[n_resources]) n_resources++;
    while (command_tables[n_commands].name) n_commands++;
    if (n == 0 || jv_parse((const char *)data + 1, n - 1, &in, &e) < 0) return 0;
    size_t pick = (size_t)(uint8_t)(data[0] - 'A') % (n_resources + n_commands);
    if (pick < n_resources) check_resource(resources[pick], in, &a);
    else check_table(command_tables[pick - n_resources].fields, in, &a);
    return 0;
}
