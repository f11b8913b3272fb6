/* id.h - identifiers made here. Any thread. */
#ifndef BASE_ID_H
#define BASE_ID_H
#include <stdbool.h>

#include "base/lang.h"

#define TICKET_SIZE 27 /* 26 characters and NUL */
#define UUID_SIZE 37
/** A ticket: 128 random bits as 26 lower-case letters and digits; names a script's start for ever.
 */
const char *id_ticket(char out[TICKET_SIZE]);
/** True when ${s} has the shape of a ticket: 8-64 letters and digits only, so that it is safe as a
 * file name. */
bool id_ticket_valid(const char *s);
/** A random (version 4) UUID in lower case. */
const char *id_uuid(char out[UUID_SIZE]);
#endif
