/* python.c - what a Python script sees and what its helper functions print. Each run begins with
 * the line that tells the interpreter's version, in the verbose category; the tests compare what
 * follows it. */
#include "tests/unit/step/harness.h"

static struct variables *python(const char *body) { return script_of("Python", body); }

static void expect_python(struct variables *v, int code, const char *wanted)
{
    CLEANUP(outcome_done) struct outcome o = run(v);
    static const char mode[] = "##octopus[stdout-verbose]\nPython 3",
                      end[] = "\n##octopus[stdout-default]\n";

    EXPECT_STR(buf_str(&o.err), "");
    EXPECT(strncmp(buf_str(&o.out), mode, sizeof(mode) - 1) == 0);
    const char *rest = strstr(buf_str(&o.out), end);
    EXPECT(rest != NULL);
    EXPECT_STR(rest + sizeof(end) - 1, wanted);
    EXPECT_INT(o.code, code);
}

TEST(values_arrive_byte_for_byte)
{
    static const char *const values[] = {
        "plain", "two\nlines\n", "it's \"quoted\"", "\xC3\xA9\xF0\x9F\x90\x99", "cr\r\nlf",
        "#{",    "\\n"};

    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        struct variables *v =
            python("import sys\nsys.stdout.buffer.write(get_octopusvariable('My Value').encode())");
        variables_set(v, "My Value", values[i], true);
        expect_python(v, 0, values[i]);
    }
}

TEST(unknown_variables_are_empty_and_the_dictionary_is_there)
{
    struct variables *v =
        python("print(repr(get_octopusvariable('name')), octopusvariables['Name'], "
               "'name' in octopusvariables, get_octopusvariable('env:TentacleHome'))");
    variables_set(v, "Name", "#{Other}", false);
    variables_set(v, "Other", "x", false);
    expect_python(v, 0, "'' x False /opt/agent\n");
}

TEST(the_script_is_main_with_the_parameters_as_arguments)
{
    struct variables *v =
        python("import sys, os\nprint(__name__, os.path.basename(sys.argv[0]), sys.argv[1:], "
               "sys.path[0] == os.getcwd(), os.path.basename(__file__))\n");
    variables_set(v, "Octopus.Action.Script.ScriptParameters", "one \"two #{P}\" \\\"q 'a b'",
                  false);
    variables_set(v, "P", "words", false);
    expect_python(
        v, 0, "__main__ Script.py ['one', 'two words', '\"q', \"'a\", \"b'\"] True Script.py\n");
    expect_python(python("import sys; print(len(sys.argv))"), 0, "1\n");
}

TEST(helpers_print_service_messages)
{
    CLEANUP(freep) char *work = in_folder("work");
    char real[PATH_MAX];
    CLEANUP(buf_done) struct buf out = BUF_INIT(64 * KiB);
    struct error err = {0};

    EXPECT_OK(dir_make(work, 0700, &err));
    EXPECT(realpath(work, real) != NULL);
    CLEANUP(freep) char *file = xasprintf("%s/a.txt", real);
    CLEANUP(freep) char *none = xasprintf("%s/none", real);
    buf_addf(&out, "##octopus[setVariable name='%s' value='%s']\n", b64("N"), b64("\xC3\xA9"));
    buf_addf(&out, "##octopus[setVariable name='%s' value='%s' sensitive='VHJ1ZQ==']\n\xC3\xA9\n",
             b64("S"), b64("x"));
    buf_addf(&out,
             "##octopus[stdout-verbose]\nArtifact a.txt will be collected from %s after this step "
             "completes\n##octopus[stdout-default]\n",
             file);
    buf_addf(&out, "##octopus[createArtifact path='%s' name='%s' length='%s']\n", b64(file),
             b64("a.txt"), b64("3"));
    buf_addf(&out,
             "##octopus[stdout-verbose]\nArtifact Other will be collected from %s after this step "
             "completes\n##octopus[stdout-default]\n",
             none);
    buf_addf(&out, "##octopus[createArtifact path='%s' name='%s' length='%s']\n", b64(none),
             b64("Other"), b64("0"));
    buf_addf(&out, "##octopus[progress percentage='%s' message='%s']\n", b64("10"), b64("m"));
    buf_adds(
        &out,
        "##octopus[stdout-verbose]\nv\n##octopus[stdout-default]\n##octopus[stdout-highlight]\nh\n"
        "##octopus[stdout-default]\n##octopus[stdout-wait]\nw\n##octopus[stdout-default]\n"
        "##octopus[stdout-warning]\nx\n##octopus[stdout-default]\nw6k= \xC3\xA9\n");
    buf_addf(&out, "##octopus[resultMessage message='%s']\n", b64("over"));
    expect_python(
        python("set_octopusvariable('N', '\xC3\xA9')\nset_octopusvariable('S', 'x', True)\n"
               "print(get_octopusvariable('N'))\nopen('a.txt', 'w').write('abc')\n"
               "createartifact('a.txt')\ncreateartifact('none', 'Other')\nupdateprogress(10, 'm')\n"
               "printverbose('v')\nprinthighlight('h')\nprintwait('w')\nprintwarning('x')\n"
               "print(encode('\xC3\xA9'), decode('w6k='))\nfailstep('over')\n"),
        255, buf_str(&out));
}

TEST(the_exit_code_is_the_scripts)
{
    expect_python(python("import sys; sys.exit(7)"), 7, "");
    expect_python(python("pass"), 0, "");
    expect_python(python("failstep()"), 255, "");
    CLEANUP(outcome_done) struct outcome o = run(python("raise ValueError('bad')"));
    EXPECT_INT(o.code, 1);
    EXPECT(strstr(buf_str(&o.err), "ValueError: bad") != NULL);
}

TEST(script_modules_can_be_imported)
{
    struct variables *v = python("import Lib_1\nprint(Lib_1.hello())");
    variables_set(v, "Octopus.Script.Module[Lib_1]", "def hello():\n    return 'from module'\n",
                  false);
    variables_set(v, "Octopus.Script.Module.Language[Lib_1]", "Python", false);
    expect_python(v, 0, "from module\n");
}

TEST(children_do_not_inherit_the_variables)
{
    expect_python(
        python(
            "import subprocess, sys\nsys.stdout.flush()\n"
            "subprocess.call('ls -l /proc/self/fd | grep -c memfd', shell=True, close_fds=False)"),
        0, "0\n");
}

TEST(all_functions_that_scripts_know_are_there)
{
    expect_python(
        python("for name in ('get_octopusvariable', 'set_octopusvariable', 'createartifact', "
               "'updateprogress', 'failstep', 'printverbose', 'printhighlight', 'printwait', "
               "'printwarning', 'encode', 'decode', 'decrypt'):\n"
               "    assert callable(globals()[name]), name\n"
               "assert isinstance(octopusvariables, dict)"),
        0, "");
}
