/* cookies.c - see cookies.h. A session that is kept has a cookie of a year: its end moves while it
 * is used, and only the server knows it. */
#include "api/cookies.h"

#include "crypt/token.h"

#define IDENTIFICATION "OctopusIdentificationToken_"
#define CSRF "Octopus-Csrf-Token_"
#define KEEP "; Max-Age=31536000"

const char *cookies_token(const struct app *app, const char *header, struct arena *a)
{
    const char *name = arena_fmt(a, IDENTIFICATION "%s", app->installation_id);
    struct str rest = str_of(header), one, key;

    while (str_cut(&rest, ';', &one)) {
        one = str_trim(one);
        if (!str_cut(&one, '=', &key) || !str_eq(key, name) || one.n == 0) continue;
        return arena_strndup(a, one.p, one.n);
    }
    return NULL;
}

static void set(struct call *c, const char *name, const char *value, const char *attributes)
{
    http_header(c->res, "Set-Cookie",
                arena_fmt(c->arena, "%s%s=%s; Path=/; SameSite=Lax%s", name,
                          call_app(c)->installation_id, value, attributes));
}

void cookies_give(struct call *c, const char *token, bool keep, bool secure)
{
    char csrf[TOKEN_CSRF_SIZE];
    const char *rest = arena_fmt(c->arena, "%s%s", keep ? KEEP : "", secure ? "; Secure" : "");

    set(c, IDENTIFICATION, token, arena_fmt(c->arena, "; HttpOnly%s", rest));
    set(c, CSRF, token_csrf(token, csrf), rest);
}

void cookies_take(struct call *c)
{
    set(c, IDENTIFICATION, "", "; HttpOnly; Max-Age=0");
    set(c, CSRF, "", "; Max-Age=0");
}
