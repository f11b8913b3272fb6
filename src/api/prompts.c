/* prompts.c - prompted variables: the values that a person gives when a deployment or run starts.
 *
 * They arrive by name (commands) or by the variable's id (forms) and are kept by name. Only
 * variables that have a prompt take one. The value of a sensitive variable is sealed in
 * SealedValues, a private member that no answer shows. See executions.h. */
#include <string.h>

#include "api/executions.h"
#include "rules/scope.h"

static bool is_sensitive(const json_t *variable)
{
    return jv_bool(variable, "IsSensitive", false) ||
           strcmp(text(variable, "Type"), "Sensitive") == 0;
}

bool prompt_applies(const json_t *variable, const char *environment_id, const char *channel_id,
                    const char *project_id)
{
    struct scope_context where = {
        .environment = environment_id, .channel = channel_id, .project = project_id};
    json_auto_t *scope = json_object();
    static const char *const known[] = {"Environment", "Channel"};

    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        json_t *ids = jv_get(jv_get(variable, "Scope"), known[i]);
        if (ids) json_object_set(scope, known[i], ids);
    }
    return scope_weight(scope, &where) >= 0;
}

static bool applies(const json_t *variable, const json_t *doc)
{
    return prompt_applies(variable, text(doc, "EnvironmentId"), jv_str(doc, "ChannelId", NULL),
                          text(doc, "ProjectId"));
}

static bool has_own_value(const json_t *variable)
{
    const json_t *v = jv_get(variable, "Value");

    return json_is_object(v) || json_string_length(v) > 0;
}

/* Does the key of a given value mean this variable? */
static bool is_meant(const json_t *variable, const char *key)
{
    return json_is_object(jv_get(variable, "Prompt")) &&
           (str_same(key, text(variable, "Name")) || strcmp(key, text(variable, "Id")) == 0);
}

static const char *value_for(const json_t *variable, json_t *given)
{
    const char *key, *found = NULL;
    json_t *v;

    json_object_foreach (given, key, v)
        if (is_meant(variable, key)) found = json_string_value(v);
    return found;
}

/* Puts what was given for ${variable} where it is kept; true when there is a value. */
static bool keep_value(struct call *c, const json_t *variable, json_t *given, json_t *values,
                       json_t *sealed)
{
    const char *name = text(variable, "Name"), *plain = value_for(variable, given);

    if (plain == NULL || (is_sensitive(variable) && str_blank(plain)))
        return json_object_get(sealed, name) != NULL;
    if (!is_sensitive(variable)) {
        jv_set_str(values, name, plain);
        return *plain != '\0';
    }
    CLEANUP(freep) char *cipher = seal_text(call_app(c)->key, plain, strlen(plain));
    jv_set_str(sealed, name, cipher);
    return true;
}

/* Only what the variables ask for may be given: a secret under a mistyped name would be kept in
 * plain text, and a variable that asks nothing would be replaced. */
static void refuse_others(struct call *c, const json_t *variables, json_t *given)
{
    const char *key;
    const json_t *variable;
    json_t *v;
    size_t i;

    json_object_foreach (given, key, v) {
        bool known = false;
        json_array_foreach (variables, i, variable) known |= is_meant(variable, key);
        if (!known) call_problem(c, "variables: there is no prompted variable '%s'", key);
    }
}

static int apply(struct call *c, const json_t *variables, json_t *doc, struct error *e)
{
    json_auto_t *given = json_incref(jv_get(doc, "FormValues"));
    json_t *values = json_object(), *sealed = jv_get(doc, "SealedValues"), *variable;
    size_t i;

    json_decref(c->errors);
    c->errors = NULL;
    jv_set(doc, "FormValues", values);
    if (!json_is_object(sealed)) jv_set(doc, "SealedValues", sealed = json_object());
    json_array_foreach (variables, i, variable) {
        const json_t *prompt = jv_get(variable, "Prompt");
        /* what does not count here must not stand in for another of the same name */
        if (!json_is_object(prompt) || !applies(variable, doc)) continue;
        bool has = keep_value(c, variable, given, values, sealed);
        if (!has && jv_bool(prompt, "Required", false) && !has_own_value(variable))
            call_problem(c, "variables: a value is required for the variable '%s'",
                         text(variable, "Name"));
    }
    refuse_others(c, variables, given);
    return call_problems(c, e);
}

int prompts_apply(struct db_tx *tx, struct call *c, const char *variables_id, json_t *doc,
                  struct error *e)
{
    json_auto_t *set = NULL;
    struct document d;

    if (!json_is_object(jv_get(doc, "FormValues"))) jv_set(doc, "FormValues", json_object());
    if (document_get(tx, variable_set_resource.kind, variables_id, c->arena, &d, e) < 0) return -1;
    /* most variables ask nothing, and then the set need not be read */
    if (json_object_size(jv_get(doc, "FormValues")) == 0 && strstr(d.body, "\"Prompt\":{") == NULL)
        return 0;
    if (document_json(&d, &set, e) < 0) return -1;
    return apply(c, jv_get(set, "Variables"), doc, e);
}
