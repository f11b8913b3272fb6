/* main.c - bobtail-step: runs one step's script on a worker. Started by a worker, never by hand.
 *
 * Linked statically and without start-up work (no locale, no name service): the time until the
 * interpreter runs is part of every step's latency. */
#include <string.h>
#include <unistd.h>

#include "os/file.h"
#include "step/step.h"

static const char help[] =
    "bobtail-step " BOBTAIL_VERSION ": runs the script of one deployment step\n"
    "\n"
    "  bobtail-step run-script [--tools FOLDER]\n"
    "      Runs the script in the variables of ./variables.box. Standard input begins with the key "
    "of\n"
    "      that file, 64 hexadecimal digits and a newline. Helper files are kept in FOLDER "
    "(otherwise\n"
    "      $BOBTAIL_TOOLS, otherwise $TentacleHome/Tools). The exit code is the script's; 1 and "
    "one\n"
    "      sentence on standard error when it could not be started, 209 when its interpreter is "
    "not\n"
    "      installed.\n"
    "  bobtail-step version\n"
    "  bobtail-step --help\n";

static int print(int fd, const char *text, int exit_code)
{
    return file_write_all(fd, text, strlen(text), NULL) < 0 ? 1 : exit_code;
}

static int refuse(const char *what, const char *argument)
{
    CLEANUP(buf_done) struct buf line = BUF_INIT(4 * KiB);

    buf_addf(&line, "%s %s; see bobtail-step --help\n", what, argument);
    return print(STDERR_FILENO, buf_str(&line), 1);
}

static int run_script_command(int argc, char **argv)
{
    const char *tools = NULL;

    for (int i = 2; i < argc; i++) {
        if (strncmp(argv[i], "--tools=", 8) == 0) tools = argv[i] + 8;
        else if (strcmp(argv[i], "--tools") == 0 && i + 1 < argc) tools = argv[++i];
        else if (strcmp(argv[i], "--help") == 0) return print(STDOUT_FILENO, help, 0);
        else return refuse("run-script does not know", argv[i]);
    }
    return run_script(tools);
}

int main(int argc, char **argv)
{
    const char *command = argc > 1 ? argv[1] : "--help";

    if (strcmp(command, "run-script") == 0) return run_script_command(argc, argv);
    if (strcmp(command, "version") == 0 || strcmp(command, "--version") == 0)
        return print(STDOUT_FILENO, BOBTAIL_VERSION "\n", 0);
    if (strcmp(command, "--help") == 0 || strcmp(command, "help") == 0)
        return print(STDOUT_FILENO, help, argc > 1 ? 0 : 1);
    return refuse("there is no command", command);
}
