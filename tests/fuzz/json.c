/* json.c (fuzz) - any bytes as JSON: refused with a sentence, or parsed into a value that prints
 * and parses again to the same; the same for a request target, whose decoded parts survive
 * encoding. */
#include "base/json.h"
#include "base/utf8.h"
#include "http/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_json(const char *text, size_t n)
{
    json_t *v, *again;
    struct error e = {0};

    if (jv_parse(text, n, &v, &e) < 0) {
        ASSERT(e.kind == ERR_INVALID && e.text[0]);
        return;
    }
    CLEANUP(buf_done) struct buf out = BUF_INIT(BUF_UNBOUNDED);
    jv_print(&out, v);
    ASSERT(utf8_check((struct str){buf_str(&out), out.n}));
    ASSERT(jv_parse(buf_str(&out), out.n, &again, &e) == 0);
    ASSERT(json_equal(v, again));
    json_decref(v);
    json_decref(again);
}

static void check_target(const char *text, size_t n)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct http_request r = {.arena = &a, .target = arena_strndup(&a, text, strnlen(text, n))};
    struct error e = {0};

    if (http_request_parse_target(&r, &e) < 0) {
        ASSERT(e.kind == ERR_INVALID && e.text[0]);
        return;
    }
    struct http_strings parts = http_request_segments(&r);
    for (size_t i = 0; i < parts.n; i++) {
        CLEANUP(buf_done) struct buf out = BUF_INIT(BUF_UNBOUNDED);
        const char *back;
        buf_add_encoded(&out, parts.items[i]);
        ASSERT(http_decode(&a, (struct str){buf_str(&out), out.n}, true, &back, &e) == 0);
        ASSERT(strcmp(back, parts.items[i]) == 0);
    }
    for (size_t i = 0; i < r.n_params; i++) {
        struct http_strings list = http_request_list(&r, r.params[i].name);
        for (size_t k = 0; k < list.n; k++)
            ASSERT(list.items[k][0] && strchr(list.items[k], ',') == NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char *text = xmalloc(n + 1); /* strnlen above needs no NUL, jansson neither */

    if (n) memcpy(text, data, n);
    text[n] = '\0';
    check_json((const char *)data, n);
    check_target(text, n);
    free(text);
    return 0;
}
