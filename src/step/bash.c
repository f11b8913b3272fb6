/* bash.c - Bash: bash BOOTSTRAP DESCRIPTOR Script.sh FLAGS, see bootstrap.sh. */
#include "step/step.h"

__asm__(".section .rodata\n"
        "bootstrap_sh_start:\n.incbin \"src/step/bootstrap.sh\"\nbootstrap_sh_end:\n.byte 0\n"
        "helpers_sh_start:\n.incbin \"src/step/helpers.sh\"\nhelpers_sh_end:\n.byte 0\n"
        ".previous");
extern const char bootstrap_sh_start[], bootstrap_sh_end[], helpers_sh_start[], helpers_sh_end[];

/* what the names of the functions in helpers.sh have in common */
static const char *const helper_words[] = {
    "set_octopusvariable", "set_environment",  "new_octopus",     "fail_step",
    "update_progress",     "write_",           "octopustarget",   "report_kub",
    "servicemessagevalue", "decrypt_variable", "log_environment",
};

static bool mentions_helper(const struct step *s)
{
    for (size_t i = 0; i < ARRAY_LEN(helper_words); i++)
        if (script_mentions(s, helper_words[i])) return true;
    return false;
}

static void arguments(struct step *s, const char **argv)
{
    CLEANUP(buf_done) struct buf flags = BUF_INIT(8);
    bool array = script_mentions(s, "octopus_parameters");

    /* reading the table ahead pays when it will be used: command substitutions then inherit it */
    if (script_mentions(s, "get_octopusvariable") || array) buf_addc(&flags, 'l');
    if (array) buf_addc(&flags, 'a');
    if (mentions_helper(s)) buf_addc(&flags, 'h');
    if (s->parameters[0]) buf_addc(&flags, 'p');
    argv[0] = "bash";
    argv[1] = s->bootstrap;
    argv[2] = arena_fmt(&s->arena, "%d", s->table);
    argv[3] = s->shell->script;
    argv[4] = arena_strdup(&s->arena, buf_str(&flags));
    argv[5] = NULL;
}

const struct shell shell_bash = {
    .syntax = "Bash",
    .program = "bash",
    .script = "Script.sh",
    .helpers = {{"bootstrap.sh", bootstrap_sh_start, bootstrap_sh_end},
                {"helpers.sh", helpers_sh_start, helpers_sh_end}},
    .missing =
        "bash is not installed on this worker; install bash or choose another script language",
    .module = "%s.sh",
    .line_feeds = true,
    .mark = "",
    .arguments = arguments,
};
