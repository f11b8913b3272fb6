/* binding.h - the tree that a dictionary's names form (private to src/template).
 *
 * "A.B[c]" is the child c, by index, of the child B of the child A of the root. A node has a text
 * when a variable has exactly that name. Nodes of a dictionary are found through its index; nodes
 * made for #{each} have few children and are searched. */
#ifndef TEMPLATE_BINDING_H
#define TEMPLATE_BINDING_H
#include "base/map.h"
#include "template/syntax.h"

struct binding {
    const char *name;
    const char *text; /* NULL: no variable of its own */
    bool local;       /* made for an #{each}: not in the index of a dictionary */
    bool indexed;     /* child by [index], otherwise by .name */
    struct binding *parent, *first, *last, *next;
    struct binding *bucket_next;
};

#define BINDING_BUCKETS 256
struct variables {
    struct arena arena;
    struct map *by_name; /* name -> struct variable */
    struct binding root;
    struct binding *buckets[BINDING_BUCKETS];
};

/** The child of that name or index, NULL when there is none. */
struct binding *binding_child(const struct variables *v, const struct binding *parent, bool indexed,
                              const char *name);
/** Appends a child made in ${a} to a node that no dictionary knows. */
struct binding *binding_add(struct arena *a, struct binding *parent, bool indexed, const char *name,
                            const char *text);
/** The value that templates see: its own, or the index text of an indexed node, or NULL. */
const char *binding_text(const struct binding *b);
#endif
