/* sign_in_gate.c - see sign_in_gate.h. */
#include "api/sign_in_gate.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "crypt/throttle.h"
#include "http/address.h"

struct sign_in_gate {
    const struct clock *clock;
    struct throttle *names, *addresses;
    _Atomic int inside;
};

struct sign_in_gate *sign_in_gate_new(const struct clock *clock)
{
    struct sign_in_gate *g = xcalloc(1, sizeof(*g));

    g->clock = clock;
    g->names = throttle_new(SIGN_IN_NAME_MS, SIGN_IN_NAME_BURST);
    g->addresses = throttle_new(SIGN_IN_ADDRESS_MS, SIGN_IN_ADDRESS_BURST);
    return g;
}

void sign_in_gate_free(struct sign_in_gate *g)
{
    if (g == NULL) return;
    throttle_free(g->names);
    throttle_free(g->addresses);
    free(g);
}

/* Whose failures count together. */
static const char *source_of(const char *remote, char ret[ADDRESS_TEXT_SIZE])
{
    struct address a;

    if (!address_parse(str_of(remote), &a)) return "unknown";
    a = address_client(&a);
    return address_text(&a, ret);
}

static int64_t seconds(int64_t ms) { return (ms + 999) / 1000; }

int64_t sign_in_gate_enter(struct sign_in_gate *g, const char *name, const char *remote)
{
    CLEANUP(freep) char *fold = str_fold(name);
    int64_t now = clock_mono(g->clock), wait;
    char source[ADDRESS_TEXT_SIZE];

    const char *from = source_of(remote, source);
    if ((wait = throttle_take(g->addresses, from, now)) > 0) return seconds(wait);
    if ((wait = throttle_take(g->names, fold, now)) == 0) {
        if (atomic_fetch_add(&g->inside, 1) < SIGN_IN_AT_ONCE) return 0;
        atomic_fetch_sub(&g->inside, 1);
        throttle_give(g->names, fold);
        wait = 1;
    }
    throttle_give(g->addresses, from);
    return seconds(wait);
}

void sign_in_gate_leave(struct sign_in_gate *g, const char *name, const char *remote,
                        bool succeeded)
{
    CLEANUP(freep) char *fold = str_fold(name);
    char source[ADDRESS_TEXT_SIZE];

    atomic_fetch_sub(&g->inside, 1);
    if (!succeeded) return;
    throttle_give(g->names, fold);
    throttle_give(g->addresses, source_of(remote, source));
}
