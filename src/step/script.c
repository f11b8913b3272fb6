/* script.c - which script runs, and its files in the work folder.
 *
 * The language is Octopus.Action.Script.Syntax, which the server has made sure of, otherwise Bash;
 * the script is Octopus.Action.Script.ScriptBody, or ScriptBody[language]. The body is substituted
 * once, in lenient mode, from its raw text. Files are made new (never written through a link that
 * lies there) and for the account alone. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/str.h"
#include "base/utf8.h"
#include "os/file.h"
#include "step/step.h"

#define BODY "Octopus.Action.Script.ScriptBody"
#define SYNTAX "Octopus.Action.Script.Syntax"
#define MODULE "Octopus.Script.Module["
#define MODULE_LANGUAGE "Octopus.Script.Module.Language[%.*s]"

static const struct shell *const shells[] = {&shell_bash, &shell_python, &shell_powershell};

static int shell_of(const char *syntax, const struct shell **ret, struct error *e)
{
    for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
        if (strcmp(shells[i]->syntax, syntax) != 0) continue;
        *ret = shells[i];
        return 0;
    }
    return fail(e, ERR_INVALID, SYNTAX " is \"%s\"; this worker runs Bash, Python and PowerShell",
                syntax);
}

static int choose_shell(struct step *s, struct error *e)
{
    const char *syntax;

    if (step_value(s, SYNTAX, &syntax, e) < 0) return -1;
    if (syntax[0]) return shell_of(syntax, &s->shell, e);
    s->shell = &shell_bash;
    step_say(s, "warning", SYNTAX " is not set: the script is run as Bash");
    return 0;
}

static int choose_raw(struct step *s, const char **ret_body, struct error *e)
{
    if (choose_shell(s, e) < 0) return -1;
    *ret_body = variables_get_raw(s->variables, BODY);
    if (str_blank(*ret_body))
        *ret_body =
            variables_get_raw(s->variables, arena_fmt(&s->arena, BODY "[%s]", s->shell->syntax));
    if (!str_blank(*ret_body)) return 0;
    return fail(e, ERR_INVALID, "the step has no script: " BODY " is empty");
}

static int report_missing(struct step *s, const struct template_result *r, struct error *e)
{
    CLEANUP(buf_done) struct buf text = BUF_INIT(1 * MiB);

    if (r->missing_n == 0) return 0;
    buf_adds(&text, "The following tokens were unable to be evaluated: ");
    for (size_t i = 0; i < r->missing_n; i++)
        buf_addf(&text, "%s'%s'", i ? ", " : "", r->missing[i]);
    if (variables_flag(s->variables, "OctopusShouldFailDeploymentOnSubstitutionFails", false))
        return fail(e, ERR_INVALID, "%s", buf_str(&text));
    step_say(s, "verbose", buf_str(&text));
    return 0;
}

int script_choose(struct step *s, struct error *e)
{
    struct template_result r;
    const char *raw;

    if (choose_raw(s, &raw, e) < 0) return -1;
    variables_set(s->variables, "Octopus.Action.Script.ScriptFileName", s->shell->script, false);
    if (template_evaluate_mode(s->variables, raw, TEMPLATE_LENIENT, &s->arena, &r, e) < 0)
        return fail_wrap(e, "the script's text");
    s->body = r.text ? r.text : "";
    return report_missing(s, &r, e);
}

bool script_mentions(const struct step *s, const char *word)
{
    return strstr(s->body, word) != NULL;
}

/* ---- files ---- */

static int write_file(const struct shell *shell, const char *name, const char *text,
                      struct error *e)
{
    CLEANUP(buf_done) struct buf out = BUF_INIT(BUF_UNBOUNDED);

    if (str_starts(text, "\xEF\xBB\xBF")) text += 3;
    buf_adds(&out, shell->mark);
    if (shell->line_feeds) buf_add_lines(&out, text);
    else buf_adds(&out, text);
    struct error first = {0};
    if (file_create_at(AT_FDCWD, name, 0600, buf_str(&out), out.n, &first) == 0) return 0;
    if (first.sys != EEXIST) return fail(e, first.kind, "%s", first.text);
    if (unlink(name) < 0) return fail_errno(e, errno, "replace %s", name);
    return file_create_at(AT_FDCWD, name, 0600, buf_str(&out), out.n, e);
}

/* The module's name as a file name: its letters, digits and underscores. */
static char *module_file(struct step *s, struct str name)
{
    CLEANUP(buf_done) struct buf plain = BUF_INIT(200);

    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
            c == '_' || (c & 0x80))
            buf_addc(&plain, c);
    }
    const char *percent = strstr(s->shell->module, "%s");
    return arena_fmt(&s->arena, "%.*s%s%s", (int)(percent - s->shell->module), s->shell->module,
                     buf_str(&plain), percent + 2);
}

static int write_module(struct step *s, const struct variable *x, struct error *e)
{
    struct str name = {x->name + strlen(MODULE), strlen(x->name) - strlen(MODULE)};
    const char *language, *text;

    if (name.n && name.p[name.n - 1] == ']') name.n--;
    if (step_value(s, arena_fmt(&s->arena, MODULE_LANGUAGE, (int)name.n, name.p), &language, e) < 0)
        return -1;
    if (strcmp(language[0] ? language : "PowerShell", s->shell->syntax) != 0) return 0;
    if (step_value(s, x->name, &text, e) < 0) return -1;
    const char *file = module_file(s, name);
    if (strcmp(file, s->shell->script) == 0)
        return fail(e, ERR_INVALID,
                    "the script module \"%.*s\" cannot be written: %s is the step's own script",
                    (int)name.n, name.p, file);
    return write_file(s->shell, file, text, e);
}

int script_write(struct step *s, struct error *e)
{
    const struct variable *x;

    for (size_t at = 0; (x = variables_each(s->variables, &at)) != NULL;)
        if (strncasecmp(x->name, MODULE, strlen(MODULE)) == 0 && write_module(s, x, e) < 0)
            return -1;
    return write_file(s->shell, s->shell->script, s->body, e);
}
