/* start.c - see start.h.
 *
 * The usual script goes through bobtail-step: its variables lie in the work folder sealed with a
 * key made for this run, which the step reads from its standard input. A raw script
 * (OctopusUseRawScript) is given to its shell as it stands, but for its #{expressions}. */
#include "engine/start.h"

#include <string.h>

#include "base/base64.h"
#include "base/fault.h"
#include "crypt/box.h"
#include "engine/run_priv.h"
#include "template/payload.h"

static void set_isolation(struct run *r, const struct script *s, struct driver_start *d)
{
    bool bypass = context_flag(r->context, s->action, "OctopusBypassDeploymentMutex", true);

    d->isolation = bypass ? JOB_SHARED : JOB_EXCLUSIVE;
    d->mutex = "RunningScript";
    d->holder = r->task_id;
    d->grace_ms = (int)r->plan->actions[s->action].grace_s * 1000;
}

static int start_step(struct run *r, struct script *s, struct driver_start *d,
                      const struct variables *v, struct error *e)
{
    CLEANUP(buf_done) struct buf plain = BUF_INIT(PAYLOAD_MAX);
    CLEANUP(buf_done) struct buf box = BUF_INIT(PAYLOAD_MAX + BOX_OVERHEAD);
    CLEANUP(buf_done) struct buf key_text = BUF_INIT(128);
    unsigned char key[BOX_KEY_BYTES];
    const char *const argv[] = {"bobtail-step", "run-script", NULL};

    payload_encode(v, &plain);
    if (plain.overflow)
        return fail(e, ERR_TOO_LARGE, "the step's variables are larger than %zu bytes",
                    PAYLOAD_MAX);
    box_key(key);
    box_seal(key, buf_str(&plain), plain.n, &box);
    hex_encode(&key_text, key, sizeof(key));
    buf_addc(&key_text, '\n');
    box_wipe(key, sizeof(key));
    box_wipe(plain.p, plain.n);
    struct driver_file file = {PAYLOAD_FILE, {box.p, box.n}};
    d->argv = argv;
    d->files = &file;
    d->n_files = 1;
    d->input = (struct str){key_text.p, key_text.n};
    int done = s->driver->ops->start(s->driver, d, e);
    box_wipe(key_text.p, key_text.n);
    return done;
}

#define BODY "Octopus.Action.Script.ScriptBody"

/* The script, in lenient mode as bobtail-step reads it: the body, or that of its language. */
static int raw_body(const struct variables *v, const char *syntax, struct arena *a,
                    const char **ret, struct error *e)
{
    const char *text = variables_get_raw(v, BODY);
    struct template_result r;

    if (str_blank(text)) text = variables_get_raw(v, arena_fmt(a, BODY "[%s]", syntax));
    if (str_blank(text)) return fail(e, ERR_INVALID, "the step has no script: " BODY " is empty");
    if (template_evaluate_mode(v, text, TEMPLATE_LENIENT, a, &r, e) < 0)
        return fail_wrap(e, "the script's text");
    if (r.missing_n && variables_flag(v, "OctopusShouldFailDeploymentOnSubstitutionFails", false))
        return fail(e, ERR_INVALID, "the script's text has %s, which cannot be evaluated",
                    r.missing[0]);
    *ret = r.text ? r.text : "";
    return 0;
}

static int start_raw(struct run *r, struct script *s, struct driver_start *d,
                     const struct variables *v, struct error *e)
{
    CLEANUP(arena_wipe) struct arena a = ARENA_INIT;
    CLEANUP(buf_done) struct buf script = BUF_INIT(BUF_UNBOUNDED);
    const char *syntax = r->plan->actions[s->action].syntax, *body = NULL, *parameters = NULL;
    bool python = str_same(syntax, "Python");
    const char *name = python ? "Script.py" : "Script.sh", *program = python ? "python3" : "bash";

    if (str_same(syntax, "PowerShell"))
        return fail(e, ERR_INVALID, "a raw script is Bash or Python, not PowerShell");
    if (raw_body(v, syntax, &a, &body, e) < 0 ||
        variables_get(v, "Octopus.Action.Script.ScriptParameters", &a, &parameters, e) < 0)
        return -1;
    if (python) buf_adds(&script, body);
    else buf_add_lines(&script, body);
    /* parameters are written in the shell's language */
    const char *line = arena_fmt(&a, "exec %s %s %s", program, name, parameters ? parameters : "");
    const char *const plain[] = {program, name, NULL}, *const with[] = {"bash", "-c", line, NULL};
    struct driver_file file = {name, {buf_str(&script), script.n}};
    d->argv = str_blank(parameters) ? plain : with;
    d->files = &file;
    d->n_files = 1;
    return s->driver->ops->start(s->driver, d, e);
}

int start_on_worker(struct run *r, struct script *s, struct error *e)
{
    const struct plan_action *action = &r->plan->actions[s->action];
    struct driver_start d = {.ticket = s->ticket, .start_until = r->lease_end};

    if (r->lease_end && clock_mono(r->engine->o.clock) >= r->lease_end)
        return fail(e, ERR_FENCED, "node %s has not renewed its lease", r->engine->o.node_name);
    if (s->driver->ops->probe(s->driver, action->syntax, e) < 0) return -1;
    if (engine_mark(s->driver, r->task_id, r->state->seq, e) < 0) return -1;
    const struct variables *v = context_variables(r->context, s->action);
    set_isolation(r, s, &d);
    FAULT_POINT("engine.before-start");
    int done = action->raw ? start_raw(r, s, &d, v, e) : start_step(r, s, &d, v, e);
    FAULT_POINT("engine.after-start");
    return done;
}
