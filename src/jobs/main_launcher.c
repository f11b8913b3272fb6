/* main_launcher.c - bobtail-launcher: see launcher.h. Scripts start with the usual umask, whatever
 * the server's is. */
#include <sys/stat.h>

#include "jobs/launcher.h"

int main(int argc, char **argv)
{
    umask(022);
    return launcher_main(argc, argv);
}
