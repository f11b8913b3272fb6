/* vec.h - a growable array of any type.
 *
 *     VEC(struct move) moves = {0};
 *     VEC_PUSH(&moves, ((struct move){...}));
 *     for (size_t i = 0; i < moves.n; i++) use(moves.items[i]);
 *     VEC_DONE(&moves);
 *
 * Elements own what they point to; VEC_DONE frees the array only. */
#ifndef BASE_VEC_H
#define BASE_VEC_H
#include <stdlib.h>

#include "base/alloc.h"

#define VEC(type)      \
    struct {           \
        type *items;   \
        size_t n, cap; \
    }
#define VEC_PUSH(v, ...)                                                                  \
    do {                                                                                  \
        if ((v)->n == (v)->cap) {                                                         \
            (v)->cap = (v)->cap ? (v)->cap * 2 : 8;                                       \
            (v)->items = xrealloc((v)->items, size_mul((v)->cap, sizeof((v)->items[0]))); \
        }                                                                                 \
        (v)->items[(v)->n++] = __VA_ARGS__;                                               \
    } while (0)
#define VEC_DONE(v)            \
    do {                       \
        free((v)->items);      \
        (v)->items = NULL;     \
        (v)->n = (v)->cap = 0; \
    } while (0)
#endif
