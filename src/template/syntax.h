/* syntax.h - the parsed form of a template (private to src/template).
 *
 * Everything lives in the arena that syntax_parse was given. Any thread. */
#ifndef TEMPLATE_SYNTAX_H
#define TEMPLATE_SYNTAX_H
#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "template/variables.h"

enum step_kind {
    STEP_NAME,   /* Foo or .Foo */
    STEP_INDEX,  /* [text] */
    STEP_SYMBOL, /* [#{path}] */
};
struct path_step {
    enum step_kind kind;
    const char *text;    /* STEP_NAME, STEP_INDEX */
    struct path *symbol; /* STEP_SYMBOL */
    struct path_step *next;
};
struct path {
    struct path_step *steps; /* at least one */
    const char *text;        /* as written back: "A.B[c]" */
};

struct filter {
    const char *name;
    struct token *options; /* TOKEN_LITERAL for words and quoted texts */
    struct filter *next;
};
struct expression {
    struct path *path; /* NULL: only filters */
    struct filter *filters;
};

enum comparison { COMPARE_NONE, COMPARE_EQUAL, COMPARE_DIFFERENT };
struct operand {
    const char *literal; /* NULL: ${expression} */
    struct expression *expression;
};

enum calc_kind { CALC_NUMBER, CALC_PATH, CALC_CHAIN };
struct calc {
    enum calc_kind kind;
    bool braces; /* the path was written {path} */
    double number;
    const char *text; /* the number as written */
    struct path *path;
    struct calc *operands; /* CALC_CHAIN: two or more, taken from left to right */
    char operator;         /* + - * / in front of this operand of a chain; 0: the first */
    struct calc *next;
};

enum token_kind { TOKEN_TEXT, TOKEN_LITERAL, TOKEN_VALUE, TOKEN_IF, TOKEN_EACH, TOKEN_CALC };
struct token {
    enum token_kind kind;
    size_t at;        /* position in the template: what makes a self reference recognisable */
    const char *text; /* TOKEN_TEXT, TOKEN_LITERAL; TOKEN_EACH: the enumerator */
    struct expression *expression; /* TOKEN_VALUE */
    struct path *path;             /* TOKEN_EACH: the collection */
    struct calc *calc;             /* TOKEN_CALC */
    bool unless;                   /* TOKEN_IF */
    struct operand left, right;    /* TOKEN_IF */
    enum comparison compare;       /* TOKEN_IF */
    struct token *body;            /* TOKEN_IF, TOKEN_EACH */
    struct token *otherwise;       /* TOKEN_IF: the else branch */
    bool has_else;
    struct token *next;
};

/** Parses ${text}. False when it does not parse (TEMPLATE_STRICT only): *${ret_error} says where,
 * in ${a}. In TEMPLATE_LENIENT the unreadable parts become text and *${ret_error} is set as well.
 */
bool syntax_parse(const char *text, enum template_mode mode, struct arena *a,
                  struct token **ret_tokens, const char **ret_error);
/** The steps that a variable's name begins with; NULL when it does not start with a path. */
struct path_step *syntax_name(const char *name, struct arena *a);

/** What the token looks like when written back in the normal form. */
void syntax_print(struct buf *out, const struct token *t);
void syntax_print_expression(struct buf *out, const struct expression *x);
void syntax_print_calc(struct buf *out, const struct calc *c);
#endif
