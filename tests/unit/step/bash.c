/* bash.c - what a Bash script sees and what its helper functions print. */
#include "tests/unit/step/harness.h"

static struct variables *bash(const char *body) { return script_of("Bash", body); }

TEST(values_arrive_byte_for_byte)
{
    static const char *const values[] = {
        "plain",
        "two words  two blanks",
        "line one\nline two\n\nline four",
        "it's \"quoted\" `x`",
        "$(echo no) $HOME ${x}",
        "\xC3\xA9\xF0\x9F\x90\x99",
        "back\\slash \\n",
        "*",
        "tab\tcr\rend",
        "-n",
        "[a]='b'",
        "\x01\x7F",
    };

    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        struct variables *v = bash("v=$(get_octopusvariable \"My Value\"); printf '%s' \"$v\"");
        variables_set(v, "My Value", values[i], true);
        expect_run(v, 0, values[i]);
    }
}

TEST(an_unknown_variable_is_an_empty_line_and_names_have_a_case)
{
    struct variables *v = bash("get_octopusvariable Name; get_octopusvariable name; echo -; "
                               "get_octopusvariable; get_octopusvariable Empty; echo =");
    variables_set(v, "Name", "found", false);
    variables_set(v, "Empty", "", false);
    expect_run(v, 0, "found\n-\n\n=\n");
}

TEST(names_of_every_length_and_alphabet_are_found)
{
    CLEANUP(buf_done) struct buf body = BUF_INIT(64 * KiB), wanted = BUF_INIT(64 * KiB);
    struct variables *v = variables_new();

    for (int n = 1; n < 100; n++) {
        CLEANUP(freep) char *name = xasprintf("%0*d", n, n);
        CLEANUP(freep) char *value = xasprintf("<%d>", n);
        variables_set(v, name, value, false);
        buf_addf(&body, "get_octopusvariable %s\n", name);
        buf_adds(&wanted, value);
    }
    variables_set(v, "\xC3\x84ndern", "umlaut", false);
    variables_set(v, "Octopus.Action[Step 1].Output.X", "indexed", false);
    buf_adds(&body,
             "get_octopusvariable \xC3\x84ndern\nLC_ALL=C\nget_octopusvariable \xC3\x84ndern\n"
             "get_octopusvariable 'Octopus.Action[Step 1].Output.X'\n");
    buf_adds(&wanted, "umlautumlautindexed");
    variables_set(v, "Octopus.Action.Script.SuppressEnvironmentLogging", "True", false);
    variables_set(v, "Octopus.Action.Script.Syntax", "Bash", false);
    variables_set(v, "Octopus.Action.Script.ScriptBody", buf_str(&body), false);
    expect_run(v, 0, buf_str(&wanted));
}

TEST(values_are_evaluated_and_those_of_scripts_that_hide_the_call_are_read_late)
{
    struct variables *v = bash(
        "call=get_octopus; \"${call}variable\" Url; echo; x=$(\"${call}variable\" Url); echo $x");
    variables_set(v, "Url", "http://#{Host}", false);
    variables_set(v, "Host", "web", false);
    expect_run(v, 0, "http://web\nhttp://web\n");
}

TEST(a_variable_that_refers_to_itself_is_named_and_does_not_stop_the_script)
{
    struct variables *v = bash("get_octopusvariable Loop; echo; get_octopusvariable Good");
    variables_set(v, "Loop", "#{Loop}", false);
    variables_set(v, "Good", "fine", false);
    expect_run(
        v, 0,
        "##octopus[stdout-warning]\nvariable Loop: the variable refers to itself: Loop -> "
        "Loop; the script sees its unevaluated text\n##octopus[stdout-default]\n#{Loop}\nfine");
}

TEST(the_environment_is_visible_as_variables)
{
    expect_run(bash("get_octopusvariable env:TentacleHome; echo; get_octopusvariable "
                    "Octopus.Tentacle.Agent.InstanceName; echo; "
                    "[ \"$OctopusCalamariWorkingDirectory\" = \"$PWD\" ] && echo here"),
               0, "/opt/agent\nBlue\nhere\n");
}

TEST(the_body_is_substituted_once_and_unresolved_tokens_are_reported)
{
    struct variables *v = bash("echo '#{Name}' '##{Name}' '#{Gone}' '#{' ${x#y}");
    variables_set(v, "Name", "#{Inner}", false);
    variables_set(v, "Inner", "value", false);
    expect_run(v, 0,
               "##octopus[stdout-verbose]\nThe following tokens were unable to be evaluated: "
               "'#{Gone}'\n##octopus[stdout-default]\nvalue #{Name} #{Gone} #{\n");
}

TEST(unresolved_tokens_fail_the_step_when_that_is_wanted)
{
    struct variables *v = bash("echo '#{Gone}'");
    variables_set(v, "OctopusShouldFailDeploymentOnSubstitutionFails", "True", false);
    expect_refused(v, 1, "'#{Gone}'");
}

TEST(output_variables_are_printed_as_service_messages)
{
    CLEANUP(buf_done) struct buf out = BUF_INIT(64 * KiB);

    buf_addf(&out, "##octopus[setVariable name='%s' value='%s']\n", b64("Name"), b64("a value"));
    buf_addf(&out, "##octopus[setVariable name='%s' value='%s' sensitive='VHJ1ZQ==']\n", b64("S"),
             b64("line\nline"));
    buf_adds(&out, "##octopus[setVariable name='RQ==']\n");
    buf_addf(&out, "##octopus[set-environmentstate key='%s' value='%s' type='%s']\n", b64("k"),
             b64("v"), b64("State"));
    buf_addf(&out,
             "##octopus[set-environmentstate key='%s' value='%s' sensitive='VHJ1ZQ==' type='%s']\n",
             b64("k"), b64("v"), b64("Kind"));
    buf_addf(&out, "##octopus[set-environmentstate key='%s' value='%s' type='%s']\n", b64("k"),
             b64("http://x"), b64("Url"));
    expect_run(
        bash("set_octopusvariable Name 'a value'\nset_octopusvariable S $'line\\nline' -sensitive\n"
             "set_octopusvariable E ''\nset_environmentstate k v\n"
             "set_environmentstate k v -sensitive Kind\nset_environmenturl k http://x\n"),
        0, buf_str(&out));
}

TEST(helpers_whose_names_the_script_hides_are_read_by_the_first_call)
{
    CLEANUP(buf_done) struct buf out = BUF_INIT(64 * KiB);

    buf_addf(&out, "##octopus[setVariable name='%s' value='%s']\n", b64("A"), b64("b"));
    buf_addf(&out, "##octopus[resultMessage message='%s']\n", b64("over"));
    expect_run(
        bash(
            "set -eu; s=set_; f=fail_; \"${s}octopusvariable\" A b; \"${f}step\" over; echo never"),
        1, buf_str(&out));
}

TEST(base64_is_right_for_every_length_and_alphabet)
{
    CLEANUP(buf_done) struct buf body = BUF_INIT(64 * KiB), wanted = BUF_INIT(64 * KiB);
    static const int lengths[] = {1, 2, 3, 4, 5, 6, 7, 239, 240, 241, 1000};

    for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
        CLEANUP(buf_done) struct buf text = BUF_INIT(2000);
        for (int c = 0; c < lengths[i]; c++) buf_addc(&text, (char)('"' + (c + lengths[i]) % 93));
        CLEANUP(buf_done) struct buf quoted = BUF_INIT(9000);
        for (size_t c = 0; c < text.n; c++)
            buf_adds(&quoted, text.p[c] == '\'' ? "'\\''" : (char[]){text.p[c], '\0'});
        buf_addf(&body, "encode_servicemessagevalue '%s'\n", buf_str(&quoted));
        buf_addf(&wanted, "%s\n", b64(buf_str(&text)));
    }
    buf_adds(&body, "encode_servicemessagevalue "
                    "\xC3\xA9\xF0\x9F\x90\x99\nencode_servicemessagevalue $'\\xff\\x01'\n"
                    "LC_ALL=C\nencode_servicemessagevalue \xC3\xA9\nencode_servicemessagevalue ''\n"
                    "decode_servicemessagevalue w6k=\n");
    buf_addf(&wanted, "%s\n", b64("\xC3\xA9\xF0\x9F\x90\x99"));
    buf_addf(&wanted, "/wE=\n%s\n\n\xC3\xA9", b64("\xC3\xA9"));
    expect_run(bash(buf_str(&body)), 0, buf_str(&wanted));
}

TEST(an_artifact_is_announced_with_absolute_path_name_and_length)
{
    CLEANUP(freep) char *work = in_folder("work");
    char real[PATH_MAX];
    CLEANUP(buf_done) struct buf out = BUF_INIT(64 * KiB);
    struct error err = {0};

    EXPECT_OK(dir_make(work, 0700, &err));
    EXPECT(realpath(work, real) != NULL);
    CLEANUP(freep) char *first = xasprintf("%s/real/a b.txt", real);
    CLEANUP(freep) char *second = xasprintf("%s/top.log", real);
    buf_addf(
        &out,
        "Collecting link/a b.txt as an artifact...\n##octopus[stdout-verbose]\n"
        "Artifact a b.txt will be collected from %s after this step completes\n"
        "##octopus[stdout-default]\n##octopus[createArtifact path='%s' name='%s' length='%s']\n",
        first, b64(first), b64("a b.txt"), b64("5"));
    buf_addf(
        &out,
        "Collecting top.log as an artifact...\n##octopus[stdout-verbose]\n"
        "Artifact Other will be collected from %s after this step completes\n"
        "##octopus[stdout-default]\n##octopus[createArtifact path='%s' name='%s' length='%s']\n",
        second, b64(second), b64("Other"), b64("0"));
    expect_run(
        bash("mkdir real; ln -s real link; printf 12345 >'link/a b.txt'; : >top.log\n"
             "CDPATH=/usr new_octopusartifact 'link/a b.txt'; new_octopusartifact top.log Other"),
        0, buf_str(&out));
}

TEST(an_artifact_that_is_not_there_ends_the_script_with_127)
{
    CLEANUP(outcome_done) struct outcome o = run(bash("new_octopusartifact no/such; echo after"));

    EXPECT_INT(o.code, 127);
    EXPECT_STR(buf_str(&o.out), "Collecting no/such as an artifact...\n");
    EXPECT_STR(buf_str(&o.err),
               "new_octopusartifact: \"no/such\" does not exist, so it cannot be collected\n");
}

TEST(progress_failure_and_log_categories)
{
    CLEANUP(buf_done) struct buf out = BUF_INIT(64 * KiB);

    buf_addf(&out, "##octopus[progress percentage='%s' message='%s']\n", b64("50"),
             b64("half way"));
    buf_adds(&out, "##octopus[stdout-verbose]\na  b *\n##octopus[stdout-default]\n"
                   "##octopus[stdout-highlight]\nhigh\n##octopus[stdout-default]\n"
                   "##octopus[stdout-wait]\nwait here\n##octopus[stdout-default]\n"
                   "##octopus[stdout-warning]\n\n##octopus[stdout-default]\n");
    buf_addf(&out, "##octopus[resultMessage message='%s']\n", b64("it's over"));
    expect_run(
        bash("IFS=,\nupdate_progress 50 'half way'; write_verbose 'a  b *'; write_highlight high\n"
             "write_wait wait here; write_warning; fail_step \"it's over\"; echo never"),
        1, buf_str(&out));
    expect_run(bash("fail_step"), 1, "");
}

TEST(targets_and_manifests)
{
    CLEANUP(buf_done) struct buf out = BUF_INIT(64 * KiB);

    buf_addf(&out, "##octopus[createStepPackageTarget name='%s' targetId='%s' inputs='%s' ",
             b64("n"), b64("t"), b64("{}"));
    buf_addf(&out,
             "octopusRoles='%s' octopusDefaultWorkerPoolIdOrName='%s' updateIfExisting='%s']\n",
             b64("r1,r2"), b64("pool"), b64("True"));
    buf_addf(&out, "##octopus[createStepPackageTarget name='%s']\nrc 1\n", b64("n"));
    buf_addf(&out, "##octopus[delete-target machine='%s']\n", b64("old"));
    buf_addf(&out, "##octopus[k8s-manifest-applied manifest='%s' ns='%s']\n", b64("a: 1\n"),
             b64("ns"));
    buf_addf(&out, "##octopus[k8s-manifest-applied manifest='%s' ns='%s']\n", b64("b: 2\n"),
             b64("ns"));
    buf_addf(&out, "##octopus[k8s-manifest-applied manifest='%s']\n", b64("c: 3\n"));
    buf_adds(&out, "##octopus[stdout-verbose]\nThe manifest file \"none\" does not exist\n"
                   "##octopus[stdout-default]\n");
    expect_run(
        bash("new_octopustarget -n n --target-id t --inputs {} --roles r1,r2 --worker-pool pool "
             "--update-if-existing; new_octopustarget --name n\n"
             "new_octopustarget -x 2>/dev/null; echo rc $?; remove-octopustarget old\n"
             "report_kubernetes_manifest $'---\\na: 1\\n --- \\n\\n---\\nb: 2' ns\n"
             "echo 'c: 3' >f; report_kubernetes_manifest_file f; report_kubernetes_manifest_file "
             "none"),
        0, buf_str(&out));
}

TEST(octopus_parameters_is_filled_when_the_script_mentions_it)
{
    struct variables *v =
        bash("echo \"${octopus_parameters[Name]}\" \"${octopus_parameters[Octopus.Action[A].X]}\"\n"
             "echo ${#octopus_parameters[Octopus.Deployment.PackageBuildInformation[0]]}");
    variables_set(v, "Name", "va'l\"ue", false);
    variables_set(v, "Octopus.Action[A].X", "$(x)", false);
    variables_set(v, "Octopus.Deployment.PackageBuildInformation[0]", "long", false);
    expect_run(v, 0, "va'l\"ue $(x)\n0\n");
    expect_run(bash("declare -p octopus_param''eters 2>/dev/null || echo unset"), 0, "unset\n");
}

TEST(parameters_follow_the_quoting_of_the_shell)
{
    struct variables *v = bash("printf '<%s>' $# \"$@\"");
    variables_set(v, "Octopus.Action.Script.ScriptParameters",
                  "\"Para meter0\" 'Para meter1' #{P} $HOME/x", false);
    variables_set(v, "P", "p1 \"p 2\"", false);
    CLEANUP(freep)
    char *wanted = xasprintf("<5><Para meter0><Para meter1><p1><p 2><%s/x>",
                             getenv("HOME") ? getenv("HOME") : "/");
    expect_run(v, 0, wanted);
    expect_run(bash("printf '<%s>' $# \"$@\" \"${1-none}\""), 0, "<0><none>");
}

TEST(the_exit_code_is_the_scripts)
{
    expect_run(bash("exit 7"), 7, "");
    expect_run(bash("false"), 1, "");
    expect_run(bash("return 9"), 9, "");
    expect_run(bash("echo a; (exit 3); echo b"), 0, "a\nb\n");
    expect_run(bash("set -e; echo a; (exit 3); echo b"), 3, "a\n");
    expect_run(bash("kill -9 $$"), -9, "");
    struct variables *v = bash("exit $1");
    variables_set(v, "Octopus.Action.Script.ScriptParameters", "11", false);
    expect_run(v, 11, "");
}

TEST(strict_shell_options_of_the_script_do_not_break_the_helpers)
{
    struct variables *v = bash(
        "set -euo pipefail; shopt -s nullglob nocasematch; trap 'echo trapped' ERR; set -E; IFS=:\n"
        "x=$(get_octopusvariable Name); y=$(get_octopusvariable None); echo \"$x$y\"\n"
        "get_octopusvariable NAME; set_octopusvariable N v; write_verbose v; "
        "update_progress 1 m >/dev/null; set_environmentstate k v >/dev/null; echo end");
    variables_set(v, "Name", "value", false);
    CLEANUP(freep)
    char *wanted = xasprintf(
        "value\n\n##octopus[setVariable name='%s' value='%s']\n##octopus[stdout-verbose]\nv\n"
        "##octopus[stdout-default]\nend\n",
        b64("N"), b64("v"));
    expect_run(v, 0, wanted);
}

TEST(windows_line_ends_become_line_feeds_and_a_byte_order_mark_goes)
{
    expect_run(bash("\xEF\xBB\xBFif true\r\nthen\r\n  echo \"a\"\r\nfi\r\n"), 0, "a\n");
}

TEST(script_modules_can_be_sourced)
{
    struct variables *v = bash("source My_Lib1.sh; hello");
    variables_set(v, "Octopus.Script.Module[My_Lib 1]",
                  "hello() {\r\n  echo \"from #{Name}\"; get_octopusvariable Name\r\n}\r\n", false);
    variables_set(v, "Octopus.Script.Module.Language[My_Lib 1]", "Bash", false);
    variables_set(v, "Octopus.Script.Module[Other]", "not bash", false);
    variables_set(v, "Name", "here", false);
    expect_run(v, 0, "from here\nhere");
}

TEST(standard_input_of_the_script_is_empty) { expect_run(bash("cat; echo end"), 0, "end\n"); }
