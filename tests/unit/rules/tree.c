/* The activity tree: which nodes there are, their ids, statuses and times. */
#include "tests/unit/rules/run.h"

#include "rules/tree.h"

/* One line per node: depth by dots, key, name, status, percent, message. */
static void print_nodes(struct buf *out, const json_t *nodes, int depth)
{
    const json_t *o;
    size_t i;

    json_array_foreach (nodes, i, o) {
        for (int d = 0; d < depth; d++) buf_addc(out, '.');
        EXPECT(str_starts(jv_str(o, "Id", ""), "ServerTasks-1/"));
        buf_addf(out, "%s|%s|%s|%d", jv_str(o, "Id", "") + strlen("ServerTasks-1/"),
                 jv_str(o, "Name", ""), jv_str(o, "Status", ""),
                 (int)jv_i64(o, "ProgressPercentage", -1));
        if (jv_str(o, "ProgressMessage", "")[0])
            buf_addf(out, "|%s", jv_str(o, "ProgressMessage", ""));
        buf_addc(out, '\n');
        EXPECT(json_is_array(jv_get(o, "LogElements")) && json_is_array(jv_get(o, "Children")));
        EXPECT(json_is_boolean(jv_get(o, "ShowAtSummaryLevel")));
        print_nodes(out, jv_get(o, "Children"), depth + 1);
    }
}

static void check_tree(const struct state *s, const struct tree_input *in, const char *wanted)
{
    CLEANUP(buf_done) struct buf out = BUF_INIT(BUF_UNBOUNDED);
    json_auto_t *tree = tree_make(s, in);

    print_nodes(&out, tree, 0);
    EXPECT_STR(buf_str(&out), wanted);
}

static const struct tree_input input = {
    .task_id = "ServerTasks-1", .name = "Deploy", .started_ms = 1};

TEST(a_task_that_has_not_been_claimed_is_one_pending_node)
{
    check_tree(NULL,
               &(struct tree_input){
                   .task_id = "ServerTasks-1", .name = "Deploy", .waiting = "Waits for its turn"},
               "root|Deploy|Pending|0|Waits for its turn\n");
    EXPECT_INT(tree_progress(NULL), 0);
}

TEST(each_step_and_action_is_a_node)
{
    RUN("A S(B,C) D/d");
    AFTER("", "start A.1");
    check_tree(run.state, &input,
               "root|Deploy|Running|0\n"
               ".step-0|Step 1: A|Running|0\n"
               "..action-0|A|Running|0\n"
               ".step-1|Step 2: S|Pending|0\n"
               "..action-1|B|Pending|0\n"
               "..action-2|C|Pending|0\n"
               ".step-2|Step 3: D|Pending|0\n"
               "..action-3|D|Pending|0\n");
    AFTER("A warn", "start B.1");
    AFTER("B fail", "skip C, skip D, finish Failed");
    check_tree(run.state, &input,
               "root|Deploy|Failed|100\n"
               ".step-0|Step 1: A|SuccessWithWarning|100\n"
               "..action-0|A|SuccessWithWarning|100\n"
               ".step-1|Step 2: S|Failed|100\n"
               "..action-1|B|Failed|100\n"
               "..action-2|C|Skipped|100|An earlier action of the step failed\n"
               ".step-2|Step 3: D|Skipped|100|The step is disabled\n"
               "..action-3|D|Skipped|100|The step is disabled\n");
}

TEST(attempts_are_nodes_only_when_an_action_was_retried)
{
    RUN("A/r2/b60 B");
    AFTER("", "start A.1");
    AFTER("A fail", "wake 60");
    check_tree(run.state, &input,
               "root|Deploy|Running|0\n"
               ".step-0|Step 1: A|Running|0\n"
               "..action-0|A|Running|0|Waiting for the next attempt\n"
               ".step-1|Step 2: B|Pending|0\n"
               "..action-1|B|Pending|0\n");
    AFTER("at 60", "start A.2");
    AFTER("A away", "start A.2");
    AFTER("A fail", "wake 120");
    AFTER("at 120", "start A.3");
    AFTER("A ok", "start B.1");
    AFTER("cancel", "stop B.1 cancel");
    AFTER("B ok", "finish Canceled");
    check_tree(run.state, &input,
               "root|Deploy|Canceled|100\n"
               ".step-0|Step 1: A|Success|100\n"
               "..action-0|A|Success|100\n"
               "...action-0-attempt-2|Attempt 2|Failed|100\n"
               "...action-0-attempt-3|Attempt 3|Success|100\n"
               ".step-1|Step 2: B|Canceled|100\n"
               "..action-1|B|Canceled|100\n");
}

TEST(nodes_tell_their_times)
{
    RUN("A B");
    AFTER("at 1000", "start A.1");
    AFTER("at 1007", "");
    AFTER("A ok", "start B.1");
    json_auto_t *tree = tree_make(run.state, &input);
    const json_t *steps = jv_get(json_array_get(tree, 0), "Children");
    EXPECT_STR(jv_str(json_array_get(steps, 0), "Started", ""), "1970-01-01T00:16:40.000+00:00");
    EXPECT_STR(jv_str(json_array_get(steps, 0), "Ended", ""), "1970-01-01T00:16:47.000+00:00");
    EXPECT_STR(jv_str(json_array_get(steps, 1), "Started", ""), "1970-01-01T00:16:47.000+00:00");
    EXPECT(json_is_null(jv_get(json_array_get(steps, 1), "Ended")));
    EXPECT_INT(tree_progress(run.state), 50);
}

static void fill(void *ctx, const char *key, json_t *node)
{
    buf_addf(ctx, "%s ", key);
    jv_push(jv_get(node, "LogElements"), json_string(key));
}

TEST(the_caller_fills_the_lines_of_each_node_by_its_key)
{
    CLEANUP(buf_done) struct buf keys = BUF_INIT(BUF_UNBOUNDED);
    char key[TREE_KEY_SIZE];
    RUN("A/r1");
    AFTER("", "start A.1");
    AFTER("A fail", "start A.2");
    json_auto_t *tree = tree_make(
        run.state, &(struct tree_input){
                       .task_id = "ServerTasks-1", .name = "Deploy", .fill = fill, .ctx = &keys});
    EXPECT_STR(buf_str(&keys), "root step-0 action-0 action-0-attempt-2 ");
    EXPECT_STR(tree_node_id_for_invocation(0, 1, key), "action-0");
    EXPECT_STR(tree_node_id_for_invocation(0, 2, key), "action-0-attempt-2");
    EXPECT_STR(tree_node_id_for_step(0, key), "step-0");
    EXPECT_INT(json_array_size(jv_get(json_array_get(tree, 0), "LogElements")), 1);
}
