/* configuration.c - the commands that look at the settings and change nothing. */
#include <stdio.h>
#include <string.h>

#include "model/resource.h"
#include "os/account.h"
#include "server/command.h"
#include "server/front.h"
#include "server/seed.h"

static int show(struct command_call *c, struct error *e)
{
    CLEANUP(buf_done) struct buf text = BUF_INIT(1 * MiB);

    (void)e;
    options_print(&c->o, &text);
    printf("%s", buf_str(&text));
    return 0;
}

static int check(struct command_call *c, struct error *e)
{
    const struct options *o = &c->o;
    struct account account;

    if (resources_check(e) < 0 || seed_check(o, e) < 0 || front_check(o, e) < 0) return -1;
    if (o->builtin_account[0] && account_find(o->builtin_account, &account, e) < 0)
        return fail_wrap(e, "builtin-account");
    printf("the configuration is valid; data folder %s, database %s\n", o->data_dir,
           strncmp(o->database, "sqlite:", 7) == 0 ? o->database : "PostgreSQL");
    return 0;
}

const struct command command_check_config = {
    .name = "check-config",
    .run = check,
    .has_settings = true,
    .help = "checks the settings and exits",
};
const struct command command_show_configuration = {
    .name = "show-configuration",
    .run = show,
    .has_settings = true,
    .help = "prints every setting and where it comes from",
};
