#include <netinet/in.h>
#include <simdjson.h>
#include <sys/socket.h>

#include <filesystem>

#include "tests/kafka/sink_test.hpp"
#include "tests/kafka/source_test.hpp"

/// The tool as a service: its log, its signals, and how soon it reports that Kafka is unreachable.
namespace ringside::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// A server that neither accepts nor refuses connections, as behind a firewall that drops packets:
/// its backlog is full.
class SilentServer {
public:
    SilentServer() : listening_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* name = reinterpret_cast<sockaddr*>(&address);
        if (bind(listening_.get(), name, size) != 0 || listen(listening_.get(), 0) != 0 ||
            getsockname(listening_.get(), name, &size) != 0) {
            throw std::runtime_error("no server");
        }
        port_ = ntohs(address.sin_port);
        for (Descriptor& one : waiting_) {
            one = Descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
            connect(one.get(), name, size);
        }
    }
    [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

private:
    Descriptor listening_;
    std::array<Descriptor, 4> waiting_;
    std::uint16_t port_ = 0;
};

class KafkaService : public SourceTest {
protected:
    std::string log_ = directory_ / "log";

    [[nodiscard]] static std::string content_of(const std::string& path) {
        std::ifstream file(path);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    [[nodiscard]] bool logs(const std::string& text) const {
        return eventually([&] { return content_of(log_).find(text) != std::string::npos; });
    }
    static std::unique_ptr<Process> start_with(const std::string& config,
                                               std::vector<std::string> more) {
        std::vector<std::string> words{built::kafka, "source", "--config", config};
        words.insert(words.end(), more.begin(), more.end());
        auto source = std::make_unique<Process>(words);
        EXPECT_EQ(source->read_line(patience), "ready");
        return source;
    }
    /// Configures a source or sink whose Kafka does not exist.
    [[nodiscard]] std::string configure_away(const std::string& servers) {
        const std::string path = directory_ / "away.toml";
        std::ofstream(path) << fmt::format(
            "grid = \"{}\"\n[kafka]\n\"bootstrap.servers\" = \"{}\"\n[source]\n"
            "group = \"test\"\n[[source.topic]]\nname = \"seats\"\n{}\n"
            "[[sink]]\nname = \"out\"\ntopic = \"t\"\npatterns = [\"event/**\"]\n",
            grid_.name(), servers, merge_rule);
        return path;
    }
    [[nodiscard]] bool comes_to_be(const std::string& pattern, const std::string& state) const {
        return eventually([&] {
            bool is_so = false;
            client_.snapshot()
                .value()
                .scan(pattern,
                      [&](const RecordView& record) {
                          is_so =
                              is_so || to_json(record.document()).find(state) != std::string::npos;
                          return true;
                      })
                .value();
            return is_so;
        });
    }
};

TEST_F(KafkaService, HangUpOpensTheLogAgainAndEndsNothing) {
    const auto source =
        start_with(configure_topic(kafka_.make_topic("seats")), {"--log-file", log_});
    EXPECT_TRUE(logs("assigned"));
    std::filesystem::rename(log_, log_ + ".1");
    ::kill(source->pid(), SIGHUP);
    EXPECT_TRUE(logs("log file reopened"));
    EXPECT_EQ(source->finish(SIGTERM), 0);
    EXPECT_THAT(content_of(log_), HasSubstr("Terminated received; stopping"));
}

TEST_F(KafkaService, LogLinesLookLikeThoseOfTheBroker) {
    const auto source = start_with(configure_topic(kafka_.make_topic("seats")),
                                   {"--log-file", log_, "--log-format", "json"});
    EXPECT_TRUE(logs("assigned"));
    EXPECT_EQ(source->finish(SIGTERM), 0);
    std::istringstream lines(content_of(log_));
    simdjson::dom::parser parser;
    for (std::string line; std::getline(lines, line);) {
        const auto object = parser.parse(line);
        EXPECT_EQ(std::string_view(object["program"]), "ringside-kafka") << line;
        EXPECT_FALSE(std::string_view(object["time"]).empty()) << line;
    }
}

TEST_F(KafkaService, EndWithoutMessagesUnderWayLogsNoWarning) {
    for (const char* command : {"source", "sink"}) {
        Process tool({built::kafka, command, "--config", configure_away("127.0.0.1:1")});
        EXPECT_EQ(tool.read_line(patience), "ready");
        EXPECT_EQ(tool.finish(SIGTERM), 0);
        EXPECT_THAT(tool.errors(), Not(HasSubstr("pending"))) << command;
    }
}

TEST_F(KafkaService, ReportsWithinSecondsThatNobodyAnswersAtItsServers) {
    const SilentServer silent;
    for (const std::string& servers : {std::string("127.0.0.1:1"), silent.address()}) {
        const std::string config = configure_away(servers);
        Process source({built::kafka, "source", "--config", config});
        Process sink({built::kafka, "sink", "--config", config});
        EXPECT_TRUE(source.comes_to_say("no Kafka broker answers", patience)) << servers;
        EXPECT_TRUE(sink.comes_to_say("no Kafka broker answers", patience)) << servers;
        EXPECT_TRUE(comes_to_be("kafka/test/@source/*", R"("state":"waiting")"));
        EXPECT_TRUE(comes_to_be("kafka/out/@sink/*", R"("state":"waiting")"));
        EXPECT_EQ(source.finish(SIGTERM), 0);
        EXPECT_EQ(sink.finish(SIGTERM), 0);
    }
}

TEST_F(KafkaService, SinkReportsWhenItsServersAnswerAgain) {
    if (!kafka_.is_mock()) GTEST_SKIP() << MockKafka::no_mock;
    TestSink sink(grid_, kafka_, kafka_.make_topic("sink"));
    EXPECT_TRUE(comes_to_be("kafka/out/@sink/*", R"("state":"running")"));
    kafka_.command("down 1");
    EXPECT_TRUE(comes_to_be("kafka/out/@sink/*", R"("state":"waiting")"))
        << "nothing is to be sent";
    kafka_.command("up 1");
    EXPECT_TRUE(comes_to_be("kafka/out/@sink/*", R"("state":"running")"));
    EXPECT_EQ(sink.stop(), 0);
}

TEST_F(KafkaService, DeadLettersAreInTheLogFolded) {
    const std::string topic = kafka_.make_topic("seats");
    const std::string dead = kafka_.make_topic("dead");
    std::vector<TestMessage> messages(200, {"A", "no json"});
    produce(kafka_, topic, messages);
    const auto source = start_with(configure_topic(topic, "dead_letter_topic = \"" + dead + '"'),
                                   {"--log-file", log_});
    EXPECT_TRUE(comes_to(topic, 200));
    EXPECT_EQ(source->finish(SIGTERM), 0);
    const std::string log = content_of(log_);
    EXPECT_THAT(log, HasSubstr("dead letter to topic '" + dead + "': " + topic +
                               " [0] offset 0: bad_json: "));
    EXPECT_THAT(log, HasSubstr(" more since the previous line"));
}

TEST_F(KafkaService, MessagesLeftOutAreInTheLogFolded) {
    const std::string topic = kafka_.make_topic("seats");
    produce(kafka_, topic, std::vector<TestMessage>(200, {"A", "no json"}));
    const auto source =
        start_with(configure_topic(topic, "on_error = \"skip\""), {"--log-file", log_});
    EXPECT_TRUE(comes_to(topic, 200));
    EXPECT_EQ(source->finish(SIGTERM), 0);
    EXPECT_THAT(content_of(log_), HasSubstr("message skipped: " + topic + " [0] offset 0: "));
    EXPECT_THAT(content_of(log_), HasSubstr(" more since the previous line"));
}

TEST_F(KafkaService, ReadyWithoutAGridEndsAsTheCommandLineDoes) {
    const std::string config = configure_topic("seats");
    const std::string none = " --grid " + grid_.name() + "-none";
    EXPECT_EQ(run("ready --config " + config + none).status, 3);
    EXPECT_EQ(run("ready --config " + config).status, 1) << "no source runs";
    grid_.kill_broker();
    EXPECT_EQ(run("ready --config " + config).status, 3);
}

TEST_F(KafkaService, EmptyListOfServersIsRefused) {
    for (const char* command : {"source", "sink", "check"}) {
        const Outcome refused = run(std::string(command) + " --config " + configure_away(""));
        EXPECT_EQ(refused.status, 2) << command << refused.output;
        EXPECT_THAT(refused.output, HasSubstr("away.toml:3: bootstrap.servers: "));
    }
}

}  // namespace
}  // namespace ringside::testing
