/* base64.h - RFC 4648 base64 (standard alphabet, padded) and hexadecimal. Any thread. */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H
#include <stdbool.h>

#include "base/buf.h"

void base64_encode(struct buf *out, const void *data, size_t n);
/** Decodes, ignoring white space; false on anything else that is not base64 (${out} is left as it
 * was). */
bool base64_decode(struct buf *out, const char *s, size_t n);
/** Lower-case hexadecimal. */
void hex_encode(struct buf *out, const void *data, size_t n);
bool hex_decode(struct buf *out, const char *s, size_t n);
#endif
