/* powershell.c - PowerShell: pwsh ... -File BOOTSTRAP DESCRIPTOR Script.ps1, see bootstrap.ps1. */
#include "step/step.h"

__asm__(".section .rodata\n"
        "bootstrap_ps1_start:\n.incbin \"src/step/bootstrap.ps1\"\nbootstrap_ps1_end:\n.byte 0\n"
        ".previous");
extern const char bootstrap_ps1_start[], bootstrap_ps1_end[];

static void arguments(struct step *s, const char **argv)
{
    size_t n = 0;

    argv[n++] = "pwsh";
    if (variables_flag(s->variables, "Octopus.Action.PowerShell.ExecuteWithoutProfile", false))
        argv[n++] = "-NoProfile";
    argv[n++] = "-NoLogo";
    argv[n++] = "-NonInteractive";
    argv[n++] = "-ExecutionPolicy";
    argv[n++] = "Unrestricted";
    argv[n++] = "-File";
    argv[n++] = s->bootstrap;
    argv[n++] = arena_fmt(&s->arena, "%d", s->table);
    argv[n++] = s->shell->script;
    argv[n] = NULL;
}

const struct shell shell_powershell = {
    .syntax = "PowerShell",
    .program = "pwsh",
    .script = "Script.ps1",
    .helpers = {{"bootstrap.ps1", bootstrap_ps1_start, bootstrap_ps1_end}},
    .missing = "PowerShell (pwsh) is not installed on this worker; install PowerShell 7 or choose "
               "Bash or Python",
    .module = "Library_%s.psm1",
    .mark = "\xEF\xBB\xBF",
    .arguments = arguments,
};
