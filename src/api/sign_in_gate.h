/* sign_in_gate.h - who may try a password now: failures are limited per user name and per address,
 * and only some of the request threads check passwords at once, so that a flood of tries neither
 * guesses a password nor stops the rest of the API. Each node counts for itself. Any thread. */
#ifndef API_SIGN_IN_GATE_H
#define API_SIGN_IN_GATE_H
#include <stdbool.h>

#include "base/clock.h"

/** Failures that are free, and how soon one more is. */
#define SIGN_IN_NAME_BURST 10
#define SIGN_IN_NAME_MS 6000
#define SIGN_IN_ADDRESS_BURST 50
#define SIGN_IN_ADDRESS_MS 1000
/** Passwords that are checked or wait for it at once. */
#define SIGN_IN_AT_ONCE 4

struct sign_in_gate;
struct sign_in_gate *sign_in_gate_new(const struct clock *clock);
void sign_in_gate_free(struct sign_in_gate *g); /* NULL is fine */
/** Asks for one try of ${name} (compared as user names are) from ${remote} ("127.0.0.1:5000", with
 * or without its port; of an IPv6 address its network, the first 64 bits, counts). 0:
 * sign_in_gate_leave must follow; otherwise the seconds after which to try again. */
int64_t sign_in_gate_enter(struct sign_in_gate *g, const char *name, const char *remote);
/** The try is over; one that ${succeeded} does not count. */
void sign_in_gate_leave(struct sign_in_gate *g, const char *name, const char *remote,
                        bool succeeded);
#endif
