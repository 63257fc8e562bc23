#include <algorithm>
#include <fstream>

#include "tests/support/cli_test.hpp"
#include "tests/support/temporary_directory.hpp"

/// `ringside load`: the formats of its input, and its errors.
namespace ringside {
namespace {

using testing::CliTest;
using testing::Outcome;
using testing::shell;
using testing::TemporaryDirectory;

class LoadTest : public CliTest {
protected:
    [[nodiscard]] std::string file(const std::string& name, const std::string& text) const {
        std::ofstream(directory_ / name, std::ios::binary) << text;
        return directory_ / name;
    }
    /// Loads a file with names r/ID.
    [[nodiscard]] Outcome load(const std::string& name, const std::string& text,
                               const std::string& options = "--name 'r/{id}'") const {
        return run("load " + file(name, text) + " " + options);
    }
    void expect_loaded(const std::string& name, const std::string& text, std::uint64_t records,
                       const std::string& options = "--name 'r/{id}'") const {
        const Outcome outcome = load(name, text, options);
        EXPECT_EQ(outcome.status, 0) << outcome.output;
        EXPECT_EQ(number_in(outcome.output, "records"), records) << outcome.output;
        EXPECT_EQ(number_in(outcome.output, "refused"), 0U) << outcome.output;
    }
    void expect_refused(const Outcome& outcome, int status, const std::string& says) const {
        EXPECT_EQ(outcome.status, status) << outcome.output;
        EXPECT_NE(outcome.output.find(says), std::string::npos) << outcome.output;
    }

    TemporaryDirectory directory_;
};

constexpr const char* pretty_array = R"([
  {
    "id": "a",
    "text": "] } , [ { \" \\"
  },
  { "id": "b", "list": [1, [2]] }
]
)";

TEST_F(LoadTest, ReadsAnArrayHoweverItIsLaidOut) {
    expect_loaded("pretty.json", pretty_array, 2);
    expect("get r/a /text", R"("] } , [ { \" \\")");
    expect("get r/b", R"({"id":"b","list":[1,[2]]})");
    expect_loaded("one-line", R"([{"id":"c"},{"id":"d"}])", 2);
    expect_loaded("empty.json", " [ ] ", 0);
    expect("ls", "r/a\nr/b\nr/c\nr/d");
}

TEST_F(LoadTest, ReadsValuesOfSeveralLines) {
    expect_loaded("values", "{\n  \"id\": \"a\"\n}\n{\n  \"id\": \"b\"\n}\n", 2);
    expect_loaded("adjacent.json", R"({"id":"c"}{"id":"d"} {"id":"e"})", 3,
                  "--name '{id}' --format json");
    expect("ls", "c\nd\ne\nr/a\nr/b");
}

TEST_F(LoadTest, SkipsAByteOrderMark) {
    expect_loaded("marked.jsonl", "\xEF\xBB\xBF{\"id\":\"a\"}\n{\"id\":\"b\"}\n", 2);
    expect_loaded("marked.json", "\xEF\xBB\xBF[{\"id\":\"c\"}]", 1);
    expect_loaded("marked.csv", "\xEF\xBB\xBFid,n\nd,1\n", 1);
    expect("ls", "r/a\nr/b\nr/c\nr/d");
    expect_refused(load("wide.jsonl", std::string("\xFF\xFE{\0", 4)), 2, "UTF-16");
    expect_refused(load("wide.csv", std::string("\0\0\xFE\xFF", 4)), 2, "UTF-32");
}

TEST_F(LoadTest, PlaceOfABrokenArrayIsReported) {
    expect_refused(load("cut.json", "[{\"id\":\"a\"},\n{\"id\":"), 2,
                   "bad_json: invalid JSON (RFC 8259): line 2: input ends");
    expect_refused(load("comma.json", "[{\"id\":\"a\"}\n{\"id\":\"b\"}]"), 2,
                   "line 2: unexpected '{' after an element");
    expect_refused(load("last.json", "[{\"id\":\"a\"},]"), 2, "unexpected ']' in place");
    expect_refused(load("more.json", "[{\"id\":\"a\"}] x"), 2, "unexpected 'x' after the array");
    expect_refused(load("element.json", "[{\"id\":\"a\",},{\"id\":\"c\"}]"), 1,
                   "line 1: bad_json: ");
    expect("ls", "r/a\nr/c");
}

TEST_F(LoadTest, ReadsCsvWithGuessedTypes) {
    expect_loaded("seats.csv",
                  "id,price,zip,sold,note,big,code\r\n"
                  "a,12.50,00123,true,\"x, \"\"y\"\"\r\nz\",18446744073709551615,12e4\r\n"
                  "b,-7,,false,\"\",123456789012345678901234567890,1.5e+3\n"
                  "\n"
                  "c,1.,+5,TRUE,NaN,0.1234567890123456789,1e+20",
                  3);
    expect("get r/a",
           R"({"big":18446744073709551615,"code":"12e4","id":"a","note":"x, \"y\"\r\nz",)"
           R"("price":12.5,"sold":true,"zip":"00123"})");
    expect("get r/b",
           R"({"big":"123456789012345678901234567890","code":1500.0,"id":"b","note":"","price":-7,)"
           R"("sold":false,"zip":null})");
    expect("get r/c",
           R"({"big":"0.1234567890123456789","code":1e+20,"id":"c","note":"NaN","price":"1.",)"
           R"("sold":"TRUE","zip":"+5"})");
}

TEST_F(LoadTest, ReadsCsvWithDeclaredTypes) {
    const std::string types =
        "--name 'r/{id}' --types 'id:string,n:integer,x:number,b:boolean,j:json'";
    expect_loaded("declared.csv", "id,n,x,b,j\n1,2,3,true,\"[1,{}]\"\n2,,,,\n", 2, types);
    expect("get r/1", R"({"b":true,"id":"1","j":[1,{}],"n":2,"x":3})");
    expect("get r/2", R"({"b":null,"id":"2","j":null,"n":null,"x":null})");
    const Outcome refused =
        load("wrong.csv",
             "id,n,x,b,j\n3,1.5,1,true,1\n4,1,x,true,1\n5,1,1,1,1\n6,1,1,true,\"1,\"\n", types);
    expect_refused(refused, 1, "line 2: bad_input: invalid input: column 'n'");
    for (const char* column : {"column 'x': 'x' is not a number", "column 'b': '1' is not true",
                               "column 'j': '1,' is not JSON"}) {
        EXPECT_NE(refused.output.find(column), std::string::npos) << refused.output;
    }
    expect_refused(load("no.csv", "id\n1\n", "--name '{id}' --types 'x:number'"), 2,
                   "no such column in the header: 'x'");
    expect_refused(load("no.csv", "id\n1\n", "--name '{id}' --types 'id:date'"), 2, "id:date");
}

TEST_F(LoadTest, ReadsCsvWithOtherDelimiters) {
    expect_loaded("a.csv", "id;n\na;1,5\n", 1, "--name '{id}' --delimiter ';'");
    expect_loaded("b", "id\tn\nb\t2\n", 1, "--name '{id}' --format csv --delimiter tab");
    expect("scan '*'", run("scan '*'").output.substr(0, run("scan '*'").output.size() - 1));
    expect("get a /n", "\"1,5\"");
    expect("get b /n", "2");
}

TEST_F(LoadTest, FaultsOfCsvAreReported) {
    expect_refused(load("row.csv", "id,n\na\nb,1\nc,1,2\n"), 1,
                   "line 2: bad_input: invalid input: row has 1 fields, the header has 2");
    expect_refused(load("quote.csv", "id,n\nd,x\"y\"\ne,\"x\"y\nf,1\n"), 1, "line 3: bad_input");
    expect_refused(load("open.csv", "id,n\ng,1\nh,\"open\n\n"), 1, "starts in line 3");
    expect("ls", "r/b\nr/f\nr/g");
    expect_refused(load("twice.csv", "id,id\na,b\n"), 2, "duplicate column in the header: 'id'");
    expect_refused(load("empty.csv", "id,,n\n"), 2, "column 2 of the header has no name");
    expect_refused(load("none.csv", ""), 2, "write a header line");
    expect_refused(load("name.csv", "id\na\n", ""), 2, "CSV needs --name");
}

TEST_F(LoadTest, PathOfANameMayBeAColumnWithDots) {
    expect_loaded("dots.csv", "net.id,n\nx,1\n", 1, "--name 'r/{net.id}'");
    expect("ls", "r/x");
}

TEST_F(LoadTest, PrintsTenRefusalsOfAWrongFileAndCountsThem) {
    std::string lines;
    for (int i = 0; i < 20'000; ++i) lines += "{\"id\":" + std::to_string(i) + ".5}\n";
    const Outcome outcome = load("wrong.jsonl", lines);
    EXPECT_EQ(outcome.status, 1);
    EXPECT_EQ(std::count(outcome.output.begin(), outcome.output.end(), '\n'), 12) << outcome.output;
    EXPECT_NE(outcome.output.find("20000 records refused (20000 bad_input)"), std::string::npos)
        << outcome.output;
    EXPECT_EQ(number_in(outcome.output, "refused"), 20'000U) << outcome.output;
}

TEST_F(LoadTest, TrueCauseIsReported) {
    const Outcome dumped = load("other.jsonl", "{\"id\":1}\n{\"name\":\"a\"}\n{\"name\":1}\n", "");
    expect_refused(dumped, 1, "line 1: bad_input: ");
    EXPECT_NE(dumped.output.find("member \"name\" is missing or not a string"), std::string::npos);
    EXPECT_NE(
        dumped.output.find("line 2: bad_input: invalid input: member \"document\" is missing"),
        std::string::npos)
        << dumped.output;
    EXPECT_EQ(dumped.output.find("invalid JSON"), std::string::npos) << dumped.output;
    expect_refused(load("no-id.jsonl", "{\"x\":1}\n"), 1, "'id' is missing in the record");
    expect_refused(load("array-id.jsonl", "{\"id\":[]}\n"), 1,
                   "'id' is neither a string nor an integer");
    expect_refused(load("text", "# a log\n"), 2, "starts neither with '{' nor with '['");
    expect_refused(load("ttl.jsonl", "{\"name\":\"a\",\"ttl_ms\":0,\"document\":1}\n", ""), 1,
                   "bad_ttl");
    expect("ls", "");
}

TEST_F(LoadTest, TemplateWithoutBracesIsForOneRecord) {
    expect_loaded("one.jsonl", "{\"id\":1}\n", 1, "--name single");
    expect("get single", "{\"id\":1}");
    expect_refused(load("two.jsonl", "{\"id\":2}\n{\"id\":3}\n", "--name single"), 2,
                   "--name has no path in braces");
    expect("get single", "{\"id\":1}");
}

TEST_F(LoadTest, DryRunChecksAndWritesNothing) {
    const std::string lines =
        "{\"id\":\"a\"}\n{\"id\":\"b//c\"}\n{\"id\":\"d\"}\n{\"id\":\"$e\"}\n";
    const Outcome outcome = load("mixed.jsonl", lines, "--name '{id}' --dry-run");
    expect_refused(outcome, 1, "line 2: bad_name: ");
    EXPECT_NE(outcome.output.find("line 4: reserved_name: "), std::string::npos) << outcome.output;
    EXPECT_EQ(number_in(outcome.output, "records"), 2U);
    EXPECT_NE(outcome.output.find("\"dry_run\":true"), std::string::npos) << outcome.output;
    expect("ls", "");
    const Outcome without_grid =
        shell(std::string(built::cli) + " -g no-such-grid-here load " +
              file("right.jsonl", "{\"id\":\"a\"}\n") + " --name '{id}' --dry-run");
    EXPECT_EQ(without_grid.status, 0) << without_grid.output;
}

TEST_F(LoadTest, AtomicWritesAllOrNothing) {
    const Outcome refused =
        load("mixed.jsonl", "{\"id\":\"a\"}\n{\"id\":\"b//c\"}\n", "--name '{id}' --atomic");
    expect_refused(refused, 1, "line 2: bad_name: ");
    EXPECT_EQ(number_in(refused.output, "records"), 0U) << refused.output;
    expect_refused(load("cut.json", "[{\"id\":\"a\"},", "--name '{id}' --atomic"), 2, "bad_json");
    expect("ls", "");
    expect_loaded("right.jsonl", "{\"id\":\"a\"}\n{\"id\":\"b\"}\n", 2, "--name '{id}' --atomic");
    const std::string scanned = run("scan '*'").output;
    const std::string second = scanned.substr(scanned.find('\n') + 1);
    EXPECT_EQ(number_in(scanned, "revision"), number_in(second, "revision")) << "one commit";
}

TEST_F(LoadTest, AtomicRefusesMoreThanOneTransactionHolds) {
    const std::string text(1 << 20, 'x');
    std::string lines;
    for (int i = 0; i < 70; ++i) {
        lines += "{\"id\":" + std::to_string(i) + ",\"text\":\"" + text + "\"}\n";
    }
    expect_refused(load("large.jsonl", lines, "--name '{id}' --atomic"), 2,
                   "transaction_too_large: ");
    expect("ls", "");
}

}  // namespace
}  // namespace ringside
