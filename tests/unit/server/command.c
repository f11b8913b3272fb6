/* A command's own words among the settings. */
#include "server/command.h"

#include <stdlib.h>

#include "tests/lib/tap.h"

static int nothing(struct command_call *c, struct error *e)
{
    (void)c, (void)e;
    return 0;
}

static const struct command pack = {.name = "pack",
                                    .run = nothing,
                                    .has_settings = true,
                                    .operand = "FILE",
                                    .flags = {{"to", "FILE", "where"}, {"force", NULL, "anyway"}},
                                    .help = "packs"};

static struct error err;

static int read_words(struct command_call *c, int n, char **words)
{
    unsetenv("BOBTAIL_TASK_CAP");
    return command_read(&pack, n, words, c, &err);
}

#define READ(c, ...)                                              \
    __extension__({                                               \
        char *words_[] = {"bobtail-server", "pack", __VA_ARGS__}; \
        read_words((c), (int)ARRAY_LEN(words_), words_);          \
    })

TEST(own_flags_an_operand_and_settings_come_in_any_order)
{
    struct command_call c = {0};

    EXPECT_OK(READ(&c, "--task-cap", "7", "--to", "a.tar", "input", "--force", "--log-level=warn"));
    EXPECT_STR(command_value(&c, "to"), "a.tar");
    EXPECT_STR(command_value(&c, "force"), "");
    EXPECT_STR(c.operand, "input");
    EXPECT_INT(c.o.task_cap, 7);
    EXPECT_STR(c.o.log_level, "warn");
    arena_done(&c.arena);
}

TEST(a_flag_that_was_not_given_is_null)
{
    struct command_call c = {0};

    EXPECT_OK(READ(&c, "--to=b.tar"));
    EXPECT_STR(command_value(&c, "to"), "b.tar");
    EXPECT(command_value(&c, "force") == NULL);
    EXPECT(c.operand == NULL);
    arena_done(&c.arena);
}

TEST(the_value_of_a_setting_is_no_operand)
{
    struct command_call c = {0};

    EXPECT_OK(READ(&c, "--node-name", "input"));
    EXPECT(c.operand == NULL);
    EXPECT_STR(c.o.node_name, "input");
    arena_done(&c.arena);
}

TEST(what_a_command_does_not_take_is_refused_with_its_name)
{
    struct command_call c = {0};

    EXPECT_FAILS(READ(&c, "--to"), ERR_INVALID);
    EXPECT_STR(err.text, "--to needs a value");
    EXPECT_FAILS(READ(&c, "--to="), ERR_INVALID);
    EXPECT_FAILS(READ(&c, "--force=yes"), ERR_INVALID);
    EXPECT_STR(err.text, "--force takes no value");
    EXPECT_FAILS(READ(&c, "one", "two"), ERR_INVALID);
    EXPECT_STR(err.text, "\"two\" is not an option; see --help");
    EXPECT_FAILS(READ(&c, "--frob", "1"), ERR_INVALID);
    EXPECT_STR(err.text, "there is no option --frob; see --help");
    arena_done(&c.arena);
}
