/* echo.c - a parsed token back to text in its normal form: what a reader sees of an expression that
 * has no value. */
#include "template/syntax.h"

static void print_filter(struct buf *out, const struct filter *f)
{
    buf_addf(out, " | %s", f->name);
    for (const struct token *o = f->options; o; o = o->next) {
        buf_addc(out, ' ');
        if (o->kind == TOKEN_LITERAL) buf_addf(out, "\"%s\"", o->text);
        else syntax_print(out, o);
    }
}

void syntax_print_expression(struct buf *out, const struct expression *x)
{
    if (x->path) buf_adds(out, x->path->text);
    for (const struct filter *f = x->filters; f; f = f->next) print_filter(out, f);
}

static void print_operand(struct buf *out, const struct operand *o)
{
    if (o->literal) buf_addf(out, "\"%s\"", o->literal);
    else syntax_print_expression(out, o->expression);
}

static void print_all(struct buf *out, const struct token *t)
{
    for (; t; t = t->next) syntax_print(out, t);
}

void syntax_print_calc(struct buf *out, const struct calc *c)
{
    if (c->kind == CALC_NUMBER) {
        buf_adds(out, c->text);
    } else if (c->kind == CALC_PATH) {
        buf_addf(out, c->braces ? "{%s}" : "%s", c->path->text);
    } else {
        for (const struct calc *x = c->operands; x; x = x->next) {
            if (x->operator) buf_addc(out, x->operator);
            syntax_print_calc(out, x);
        }
    }
}

static void print_if(struct buf *out, const struct token *t)
{
    buf_addf(out, "#{%s ", t->unless ? "unless" : "if");
    print_operand(out, &t->left);
    if (t->compare != COMPARE_NONE) {
        buf_adds(out, t->compare == COMPARE_EQUAL ? " == " : " != ");
        print_operand(out, &t->right);
    }
    buf_addc(out, '}');
    print_all(out, t->body);
    if (t->has_else) {
        buf_adds(out, "#{else}");
        print_all(out, t->otherwise);
    }
    buf_adds(out, t->unless ? "#{/unless}" : "#{/if}");
}

void syntax_print(struct buf *out, const struct token *t)
{
    switch (t->kind) {
    case TOKEN_TEXT:
    case TOKEN_LITERAL: buf_adds(out, t->text); break;
    case TOKEN_IF: print_if(out, t); break;
    case TOKEN_VALUE:
        buf_adds(out, "#{");
        syntax_print_expression(out, t->expression);
        buf_addc(out, '}');
        break;
    case TOKEN_CALC:
        buf_adds(out, "#{");
        syntax_print_calc(out, t->calc);
        buf_addc(out, '}');
        break;
    case TOKEN_EACH:
        buf_addf(out, "#{each %s in %s}", t->text, t->path->text);
        print_all(out, t->body);
        buf_adds(out, "#{/each}");
        break;
    }
}
