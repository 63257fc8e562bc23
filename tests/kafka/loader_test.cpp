#include <filesystem>
#include <fstream>

#include "tests/kafka/source_test.hpp"
#include "tools/kafka/source/position.hpp"
#include "tools/support/built_paths.hpp"

namespace ringside::testing {
namespace {

using kafka::SourcePosition;

/// `ringside-kafka load`, which needs no Kafka.
class Loader : public ::testing::Test {
protected:
    Loader() {
        std::ofstream(config_) << "grid = \"" << grid_.name() << "\"\n"
                               << R"([kafka]
            "bootstrap.servers" = "127.0.0.1:1"
            [source]
            group = "test"
            batch_messages = 10
            [[source.topic]]
            name = "seats"
            [[source.topic.rule]]
            record = "seat/{id}"
            operation = "merge"
            [[source.topic]]
            name = "keyed"
            [[source.topic.rule]]
            record = "keyed/{key}"
            when = [ { field = "header.kind", equals = "seat" } ]
        )";
    }

    std::string write(const std::string& name, const std::string& text) {
        std::ofstream(directory_ / name) << text;
        return directory_ / name;
    }
    [[nodiscard]] Outcome load(const std::string& arguments) const {
        return shell(std::string(built::kafka) + " load --config " + config_ + " " + arguments);
    }
    [[nodiscard]] std::string json(const std::string& name) const {
        const auto record = client_.get(name);
        return record ? to_json(record->document()) : "none";
    }
    /// Returns the position of the file `seats.jsonl`; none if it has none.
    [[nodiscard]] std::optional<SourcePosition> seats_position() const {
        return kafka::read_position(client_, "kafka/test/seats.jsonl/0").value();
    }
    /// Returns the number of applied lines of the file `seats.jsonl`.
    [[nodiscard]] std::int64_t position() const {
        return seats_position().value_or(SourcePosition{}).offset;
    }
    static std::string lines(int from, int to) {
        std::string text;
        for (int i = from; i < to; ++i) {
            text += fmt::format("{{\"id\":\"A\",\"m{}\":{}}}\n", i % 3, i);
        }
        return text;
    }

    TestGrid grid_;
    Client client_ = Client::attach({.grid = grid_.name()}).value();
    TemporaryDirectory directory_;
    std::string config_ = directory_ / "kafka.toml";
};

TEST_F(Loader, AppliesTheLinesByTheRulesOfATopic) {
    const std::string file = write("seats.jsonl", lines(0, 30));

    const Outcome done = load("--topic seats " + file);

    EXPECT_EQ(done.status, 0) << done.output;
    EXPECT_NE(done.output.find(R"({"lines":30,"writes":30,"filtered":0,"refused":0,)"),
              std::string::npos)
        << done.output;
    EXPECT_EQ(json("seat/A"), R"({"id":"A","m0":27,"m1":28,"m2":29})");
    EXPECT_EQ(client_.get("seat/A")->version(), 30);
    EXPECT_EQ(position(), 30);
}

TEST_F(Loader, ASecondLoadAppliesWhatCameSince) {
    const std::string file = write("seats.jsonl", lines(0, 30));
    EXPECT_EQ(load("--topic seats " + file).status, 0);
    write("seats.jsonl", lines(0, 45));

    const Outcome done = load("--topic seats " + file);

    EXPECT_NE(done.output.find(R"("lines":15)"), std::string::npos) << done.output;
    EXPECT_EQ(client_.get("seat/A")->version(), 45);
}

TEST_F(Loader, RestartOptionBeginsWithTheFirstLine) {
    const std::string file = write("seats.jsonl", lines(0, 30));
    EXPECT_EQ(load("--topic seats " + file).status, 0);

    EXPECT_EQ(load("--restart --topic seats " + file).status, 0);

    EXPECT_EQ(client_.get("seat/A")->version(), 60);
}

TEST_F(Loader, RestartOptionBeginsANewRun) {
    const std::string file = write("seats.jsonl", lines(0, 30));
    EXPECT_EQ(load("--topic seats " + file).status, 0);
    const auto before = seats_position();
    EXPECT_EQ(load("--topic seats " + file).status, 0);
    EXPECT_EQ(seats_position(), before);

    EXPECT_EQ(load("--restart --topic seats " + file).status, 0);

    ASSERT_TRUE(seats_position() && before);
    EXPECT_EQ(seats_position()->offset, 30);
    EXPECT_TRUE(seats_position()->run);
    EXPECT_NE(seats_position()->run, before->run);
}

TEST_F(Loader, SuspendedLoadAppliesNothingAfterARestartWithAnotherFileOfItsName) {
    const std::string file = write("seats.jsonl", lines(0, 1'000'000));
    Process suspended({built::kafka, "load", "--config", config_, "--topic", "seats", file});
    ASSERT_TRUE(eventually([&] { return position() >= 10'000; }));
    ::kill(suspended.pid(), SIGSTOP);
    std::filesystem::create_directory(directory_ / "other");
    const std::string other = write("other/seats.jsonl", "{\"id\":\"B\"}\n{\"id\":\"B\"}\n");
    EXPECT_EQ(load("--restart --topic seats " + other).status, 0);
    const Version before = client_.get("seat/A")->version();

    ::kill(suspended.pid(), SIGCONT);

    EXPECT_EQ(suspended.finish(0), 1);
    EXPECT_NE(suspended.errors().find("position 'kafka/test/seats.jsonl/0' was replaced"),
              std::string::npos);
    EXPECT_EQ(client_.get("seat/A")->version(), before);
    EXPECT_EQ(position(), 2);
}

TEST_F(Loader, KilledLoadResumesAtItsPosition) {
    const std::string file = write("seats.jsonl", lines(0, 200'000));
    for (std::int64_t target = 10'000; target < 60'000; target += 10'000) {
        Process loading({built::kafka, "load", "--config", config_, "--topic", "seats", file});
        ASSERT_TRUE(eventually([&] { return position() >= target; }));
        loading.finish(SIGKILL);
    }

    EXPECT_EQ(load("--topic seats " + file).status, 0);

    EXPECT_EQ(client_.get("seat/A")->version(), 200'000);
    EXPECT_EQ(json("seat/A"), R"({"id":"A","m0":199998,"m1":199999,"m2":199997})");
}

TEST_F(Loader, RefusedLinesAreReportedByNumber) {
    const std::string file =
        write("seats.jsonl", "{\"id\":\"A\",\"n\":1}\n\nno json\n{\"n\":2}\n{\"id\":\"B\"}");

    const Outcome done = load("--topic seats " + file);

    EXPECT_EQ(done.status, 1);
    EXPECT_NE(done.output.find("line 3: "), std::string::npos) << done.output;
    EXPECT_NE(done.output.find("line 4: "), std::string::npos) << done.output;
    EXPECT_NE(done.output.find(R"("lines":4,"writes":2,"filtered":0,"refused":2)"),
              std::string::npos)
        << done.output;
    EXPECT_EQ(json("seat/B"), R"({"id":"B"})");
    EXPECT_EQ(position(), 5);
}

TEST_F(Loader, EnvelopesHaveKeysAndHeaders) {
    const std::string file =
        write("keyed.jsonl", R"({"key":"A","value":{"n":1},"headers":{"kind":"seat"}}
{"key":"B","value":{"n":2},"headers":{"kind":"other"}}
{"key":"C","value":{"n":3},"headers":{"kind":"seat"}}
{"key":"C","headers":{"kind":"seat"}}
{"key":"D","valeu":1}
)");

    const Outcome done = load("--envelope --topic keyed " + file);

    EXPECT_EQ(done.status, 1);
    EXPECT_NE(done.output.find("line 5: "), std::string::npos) << done.output;
    EXPECT_NE(done.output.find("'valeu'"), std::string::npos) << done.output;
    EXPECT_EQ(json("keyed/A"), R"({"n":1})");
    EXPECT_EQ(json("keyed/B"), "none");
    EXPECT_EQ(json("keyed/C"), "none");
}

TEST_F(Loader, AFileThatWasRewrittenShorterIsNotTakenForLoaded) {
    const std::string file = write("seats.jsonl", lines(0, 30));
    EXPECT_EQ(load("--topic seats " + file).status, 0);
    write("seats.jsonl", lines(0, 20));

    const Outcome done = load("--topic seats " + file);

    EXPECT_EQ(done.status, 1);
    EXPECT_NE(done.output.find("line 30 was loaded before, but the file has only 20 lines"),
              std::string::npos)
        << done.output;
    EXPECT_NE(done.output.find("--restart"), std::string::npos) << done.output;
    EXPECT_EQ(position(), 30);
    EXPECT_EQ(load("--restart --topic seats " + file).status, 0);
}

TEST_F(Loader, LinesThatAreTooLongAreRefusedByThemselves) {
    const std::string longest = R"({"id":"B","t":")" + std::string(17 << 20, 'x') + "\"}\n";
    const std::string file = write("seats.jsonl", lines(0, 1) + longest + lines(1, 3));

    const Outcome done = load("--topic seats " + file);

    EXPECT_EQ(done.status, 1);
    EXPECT_NE(done.output.find("line 2: "), std::string::npos) << done.output;
    EXPECT_NE(done.output.find("more than 16842752 bytes"), std::string::npos) << done.output;
    EXPECT_EQ(client_.get("seat/A")->version(), 3);
    EXPECT_EQ(json("seat/B"), "none");
    EXPECT_EQ(position(), 4);
}

TEST_F(Loader, NonFileIsRefused) {
    const Outcome done = load("--topic seats " + directory_.path());

    EXPECT_EQ(done.status, 2);
    EXPECT_NE(done.output.find("is not a regular file"), std::string::npos) << done.output;
}

TEST_F(Loader, LoadAndReadyNeedNoKafkaSecrets) {
    std::string text;
    std::getline(std::ifstream(config_), text, '\0');
    const std::string key = "[kafka]\n";
    text.insert(text.find(key) + key.size(), "\"sasl.password\" = \"${RINGSIDE_NOT_SET}\"\n");
    std::ofstream(config_) << text;
    const std::string tool = built::kafka;

    EXPECT_EQ(load("--topic seats " + write("seats.jsonl", lines(0, 1))).status, 0);
    EXPECT_EQ(shell(tool + " ready --config " + config_).status, 1);
    EXPECT_EQ(shell(tool + " check --config " + config_).status, 2);
}

TEST_F(Loader, InvalidArgumentsAreReported) {
    const std::string file = write("seats.jsonl", "");
    EXPECT_EQ(load("--topic seats " + (directory_ / "none.jsonl")).status, 2);
    EXPECT_EQ(load("--topic none " + file).status, 2);
    EXPECT_EQ(load("--topic seats " + write("@seats", "")).status, 2);
    EXPECT_EQ(load("--topic seats").status, 2);
}

}  // namespace
}  // namespace ringside::testing
