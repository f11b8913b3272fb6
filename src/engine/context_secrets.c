/* context_secrets.c - the secrets of a run: opened, and told to the masker.
 *
 * A value is masked as it is stored, and, where it is a template, also as a script sees it: that is
 * known once a dictionary is built. */
#include <string.h>

#include "engine/context_priv.h"

/* A value sealed with another key cannot be used; the step sees no value rather than the cipher
 * text. */
static const char *open_sealed(const struct context *c, const char *sealed, struct arena *a)
{
    const char *plain = NULL;

    return context_unseal(c, sealed, a, &plain, NULL) < 0 ? NULL : plain;
}

const char *context_opened(const struct context *c, const json_t *value, struct arena *a)
{
    const char *sealed =
        json_is_string(value) ? json_string_value(value) : jv_str(value, "Sealed", NULL);

    return sealed && seal_is(sealed) ? open_sealed(c, sealed, a) : NULL;
}

static bool is_sensitive(const json_t *document)
{
    return jv_bool(document, "IsSensitive", false) ||
           str_same(jv_str(document, "Type", ""), "Sensitive");
}

const char *context_plain_value(const struct context *c, const json_t *document, struct arena *a)
{
    const json_t *value = jv_get(document, "Value");
    const char *sealed = jv_str(value, "Sealed", NULL);

    if (!is_sensitive(document)) return json_string_value(value);
    if (sealed == NULL) sealed = jv_str(document, "Sealed", NULL);
    if (sealed == NULL) sealed = json_string_value(value);
    return sealed && seal_is(sealed) ? open_sealed(c, sealed, a) : sealed;
}

static void note_short(struct context *c, const char *name)
{
    for (size_t i = 0; i < c->short_secrets.n; i++)
        if (str_same(c->short_secrets.items[i], name)) return;
    *ARENA_ADD(&c->arena, &c->short_secrets) = arena_strdup(&c->arena, name);
}

void context_learn_secret(struct context *c, const char *name, const char *plain)
{
    if (c->masker == NULL || str_blank(plain)) return;
    if (!masker_can(str_of(plain))) note_short(c, name);
    else if (!masker_add(c->masker, str_of(plain))) c->masks_lost = true;
}

/* What is sealed in a bag of values. */
static void learn_bag(struct context *c, const json_t *bag, struct arena *scratch)
{
    const char *name;
    json_t *value;

    json_object_foreach ((json_t *)bag, name, value)
        context_learn_secret(c, name, context_opened(c, value, scratch));
}

static void learn_process(struct context *c, struct arena *scratch)
{
    json_t *step, *action;
    size_t i, k;

    json_array_foreach (jv_get(c->process, "Steps"), i, step) {
        learn_bag(c, jv_get(step, "Properties"), scratch);
        json_array_foreach (jv_get(step, "Actions"), k, action)
            learn_bag(c, jv_get(action, "Properties"), scratch);
    }
}

static void learn_outputs(struct context *c)
{
    const char *name;
    void *value;

    for (size_t at = 0; map_each(c->outputs, &at, &name, &value);) {
        const struct output_value *o = value;
        if (o->sensitive) context_learn_secret(c, name, o->value);
    }
}

void context_mask(struct context *c, struct masker *m)
{
    CLEANUP(arena_wipe) struct arena scratch = ARENA_INIT;
    json_t *one;
    size_t i;

    c->masker = m;
    json_array_foreach (jv_get(c->variables, "Variables"), i, one)
        if (is_sensitive(one))
            context_learn_secret(c, jv_str(one, "Name", ""), context_plain_value(c, one, &scratch));
    learn_bag(c, jv_get(c->subject, "SealedValues"), &scratch);
    learn_process(c, &scratch);
    learn_outputs(c);
    context_learn_named(c, &scratch);
}

const char *context_unmasked(const struct context *c, struct arena *a)
{
    CLEANUP(buf_done) struct buf text = BUF_INIT(64 * KiB);

    if (c->short_secrets.n) {
        buf_addf(&text,
                 "Values of fewer than %d characters are not masked: ", MASKER_CHARACTERS_MIN);
        for (size_t i = 0; i < c->short_secrets.n && text.n < 2 * KiB; i++)
            buf_addf(&text, "%s%s", i ? ", " : "", c->short_secrets.items[i]);
    }
    if (c->masks_lost)
        buf_addf(&text, "%sThe task has more secrets than can be masked: some are not",
                 text.n ? ". " : "");
    return text.n ? arena_strdup(a, buf_str(&text)) : NULL;
}

const char *context_seal(const struct context *c, const char *plain, struct arena *a)
{
    CLEANUP(freep) char *sealed = seal_text(c->key, plain, strlen(plain));

    return arena_strdup(a, sealed);
}

const char *context_stored_value(const struct context *c, const char *value, bool sensitive,
                                 struct arena *a)
{
    return sensitive ? context_seal(c, value, a) : arena_strdup(a, value);
}

int context_unseal(const struct context *c, const char *sealed, struct arena *a, const char **ret,
                   struct error *e)
{
    CLEANUP(buf_wipe) struct buf plain = BUF_INIT(CONTEXT_SEALED_MAX);

    if (seal_open(c->key, sealed, &plain, e) < 0) return -1;
    *ret = arena_strndup(a, buf_str(&plain), plain.n);
    return 0;
}
