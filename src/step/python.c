/* python.c - Python: python3 -u BOOTSTRAP DESCRIPTOR Script.py, see bootstrap.py. */
#include "step/step.h"

__asm__(".section .rodata\n"
        "bootstrap_py_start:\n.incbin \"src/step/bootstrap.py\"\nbootstrap_py_end:\n.byte 0\n"
        ".previous");
extern const char bootstrap_py_start[], bootstrap_py_end[];

static void arguments(struct step *s, const char **argv)
{
    argv[0] = "python3";
    argv[1] = "-u";
    argv[2] = s->bootstrap;
    argv[3] = arena_fmt(&s->arena, "%d", s->table);
    argv[4] = s->shell->script;
    argv[5] = NULL;
}

const struct shell shell_python = {
    .syntax = "Python",
    .program = "python3",
    .script = "Script.py",
    .helpers = {{"bootstrap.py", bootstrap_py_start, bootstrap_py_end}},
    .missing = "Python (python3) is not installed on this worker; install Python 3 or choose Bash",
    .module = "%s.py",
    .mark = "",
    .arguments = arguments,
};
