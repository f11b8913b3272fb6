/* access.c - see access.h. */
#include "server/access.h"

#include <string.h>

#include "api/app.h"
#include "api/spaces.h"
#include "store/document.h"
#include "store/user.h"

struct login {
    const char *key;
    int64_t now_ms;
    struct arena *arena;
    struct user user;
};

static int login_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct login *l = ctx;

    return user_by_api_key(tx, l->key, l->now_ms, l->arena, &l->user, e);
}

int access_authenticate(void *ctx, const struct credentials *who, struct arena *a,
                        struct caller *ret, struct error *e)
{
    struct app *app = ctx;
    struct login l = {.key = who->api_key, .now_ms = clock_now(app->clock), .arena = a};

    *ret = (struct caller){.anonymous = true};
    if (who->api_key == NULL) {
        if (who->bearer == NULL) return 0;
        return fail(e, ERR_UNAUTHENTICATED,
                    "access tokens are not known here; send an API key as X-Octopus-ApiKey");
    }
    if (db_read(app->db, login_tx, &l, e) < 0) return -1;
    *ret = (struct caller){.id = l.user.id, .name = l.user.username, .admin = l.user.is_admin};
    return 0;
}

int access_permit(void *app, const struct call *c, const char *permission, struct error *e)
{
    (void)app;
    if (c->caller.admin) return 0;
    return fail(e, ERR_DENIED, "%s may not do this: permission %s is missing", c->caller.name,
                permission);
}

struct space {
    const char *name;
    struct arena *arena;
    const char *id;
};

static int space_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct space *s = ctx;
    struct error why = {0};
    struct document d;

    if (s->name == NULL) return space_default(tx, s->arena, &s->id, e);
    if (document_find(tx, "Spaces", NULL, NULL, s->name, s->arena, &d, &why) == 0) {
        s->id = d.id;
        return 0;
    }
    if (why.kind == ERR_NOT_FOUND)
        return fail(e, ERR_NOT_FOUND, "The space '%s' was not found.", s->name);
    *e = why;
    return -1;
}

int access_space(void *ctx, const char *id_or_slug, struct arena *a, const char **ret_id,
                 struct error *e)
{
    struct space s = {id_or_slug, a, NULL};

    if (db_read(((struct app *)ctx)->db, space_tx, &s, e) < 0) return -1;
    *ret_id = s.id;
    return 0;
}
