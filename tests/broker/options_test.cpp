#include "broker/config/options.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <fstream>

namespace ringside::broker {
namespace {

using shm::Role;

/// A configuration file that is removed with the test.
class File {
public:
    explicit File(const std::string& text) {
        static std::atomic<int> count = 0;
        path = ::testing::TempDir() + "ringside-options-" + std::to_string(getpid()) + "-" +
               std::to_string(++count) + ".toml";
        std::ofstream(path) << text;
    }
    ~File() { unlink(path.c_str()); }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    std::string path;
};

Result<ParsedOptions> parse(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "ringside-broker");
    return parse_options(static_cast<int>(arguments.size()), arguments.data());
}

Result<ParsedOptions> parse_file(const std::string& text) {
    const File file(text);
    return parse({"--config", file.path.c_str()});
}

/// Expects a file to be refused, with an error that names the line.
void expect_refused(const std::string& text, int line, const std::string& what) {
    const File file(text);
    const auto parsed = parse({"--config", file.path.c_str()});
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, Errc::bad_configuration);
    const std::string& detail = parsed.error().detail;
    EXPECT_NE(detail.find(file.path + ":" + std::to_string(line)), std::string::npos) << detail;
    EXPECT_NE(detail.find(what), std::string::npos) << detail;
}

TEST(Options, SizesAreBytesOrBinaryUnits) {
    EXPECT_EQ(parse_bytes("65536").value(), 65536U);
    EXPECT_EQ(parse_bytes("7B").value(), 7U);
    EXPECT_EQ(parse_bytes("64KiB").value(), 64U << 10);
    EXPECT_EQ(parse_bytes("512MiB").value(), 512U << 20);
    EXPECT_EQ(parse_bytes("4GiB").value(), 4ULL << 30);
    EXPECT_EQ(parse_bytes("16TiB").value(), 16ULL << 40);
    for (const char* bad : {"", "x", "-1", "4GB", "4 GiB", "1.5GiB", "MiB", "4GiBx", "17TiB",
                            "18446744073709551616", "99999999999TiB", "0x10"}) {
        const auto size = parse_bytes(bad);
        ASSERT_FALSE(size) << bad;
        EXPECT_EQ(size.error().code, Errc::bad_configuration);
    }
}

TEST(Options, DefaultsAreThoseThatAreDocumented) {
    unsetenv("RINGSIDE_GRID");
    const Options options = parse({}).value().options;
    EXPECT_EQ(options.grid, "default");
    EXPECT_EQ(options.shape.memory_bytes, 1ULL << 30);
    EXPECT_EQ(options.sessions_max, limits::sessions_max);
    EXPECT_EQ(options.spin, std::chrono::microseconds(200));
    EXPECT_EQ(options.log_level, "info");
    EXPECT_TRUE(options.rules.empty());
}

TEST(Options, FlagWinsOverFileAndFileOverDefault) {
    const File file(
        "grid = 'filed'\nmemory = '64MiB'\nspin-us = 5\nretain-entries = 100\n"
        "retain-bytes = 4096\nring-entries = 2048\nsessions-max = 9\nsession-memory = "
        "'32MiB'\nbookkeeping-memory = '48MiB'\nlog-level = 'debug'\n"
        "log-file = '/nowhere/log'\n");
    const Options filed = parse({"--config", file.path.c_str()}).value().options;
    EXPECT_EQ(filed.grid, "filed");
    EXPECT_EQ(filed.shape.memory_bytes, 64U << 20);
    EXPECT_EQ(filed.spin, std::chrono::microseconds(5));
    EXPECT_EQ(filed.retention.retain_entries, 100U);
    EXPECT_EQ(filed.retention.retain_bytes, 4096U);
    EXPECT_EQ(filed.shape.ring_entries, 2048U);
    EXPECT_EQ(filed.sessions_max, 9U);
    EXPECT_EQ(filed.session_memory_bytes, 32U << 20);
    EXPECT_EQ(filed.retention.bookkeeping_bytes, 48U << 20);
    EXPECT_EQ(filed.log_level, "debug");
    EXPECT_EQ(filed.log_file, "/nowhere/log");
    const Options flagged = parse({"--config",
                                   file.path.c_str(),
                                   "--grid",
                                   "flagged",
                                   "-m",
                                   "128MiB",
                                   "--spin-us",
                                   "0",
                                   "--retain-entries",
                                   "7",
                                   "--retain-bytes",
                                   "1MiB",
                                   "--ring-entries",
                                   "4096",
                                   "--sessions-max",
                                   "2",
                                   "--log-level",
                                   "error",
                                   "--log-file",
                                   "x"})
                                .value()
                                .options;
    EXPECT_EQ(flagged.grid, "flagged");
    EXPECT_EQ(flagged.shape.memory_bytes, 128U << 20);
    EXPECT_EQ(flagged.spin, std::chrono::microseconds(0));
    EXPECT_EQ(flagged.retention.retain_entries, 7U);
    EXPECT_EQ(flagged.retention.retain_bytes, 1U << 20);
    EXPECT_EQ(flagged.shape.ring_entries, 4096U);
    EXPECT_EQ(flagged.sessions_max, 2U);
    EXPECT_EQ(flagged.log_level, "error");
    EXPECT_EQ(flagged.log_file, "x");
}

TEST(Options, RolesFileComesAfterTheConfigurationAndMayNameUnknownUsers) {
    const File config("[[role]]\nuser = 0\nrole = 'reader'\n");
    const File roles(
        "[[role]]\nuser = 'nobody-of-that-name'\nrole = 'admin'\n"
        "[[role]]\nuser = 0\nrole = 'writer'\n[[role]]\nuser = 7\nrole = 'provider'\n");
    const Options options =
        parse({"--config", config.path.c_str(), "--roles", roles.path.c_str()}).value().options;
    ASSERT_EQ(options.rules.size(), 3U);
    EXPECT_EQ(options.rules[0].access.role, shm::Role::reader);
    EXPECT_EQ(options.rules[1].access.role, shm::Role::writer);
    EXPECT_EQ(options.rules[2].access.role, shm::Role::provider);
}

TEST(Options, RolesFileHasRolesOnly) {
    for (const char* text : {"grid = 'a'\n", "[[role]]\nuser = 7\nrole = 'king'\n",
                             "[[role]]\nuser = -1\nrole = 'reader'\n", "role = 7\n"}) {
        const File roles(text);
        EXPECT_EQ(parse({"--roles", roles.path.c_str()}).error(), Errc::bad_configuration) << text;
    }
    EXPECT_EQ(parse({"--roles", "/nowhere"}).error(), Errc::bad_configuration);
}

TEST(Options, OptionsSetTheWaitForOthers) {
    constexpr std::uint64_t ms = 1'000'000;
    const File file(
        "greeting-timeout-ms = 4\naccept-timeout-ms = 5\nresponse-timeout-ms = 6\n"
        "rematch-interval-ms = 7\nsession-record-delay-ms = 9\n");
    const Options options =
        parse({"--config", file.path.c_str(), "--response-timeout-ms", "60"}).value().options;
    EXPECT_EQ(options.messaging().accept_ns, 5 * ms);
    EXPECT_EQ(options.messaging().response_ns, 60 * ms);
    EXPECT_EQ(options.messaging().rematch_ns, 7 * ms);
    EXPECT_EQ(options.messaging().session_record_ns, 9 * ms);
    EXPECT_EQ(Options().messaging().rematch_ns, MessagingOptions().rematch_ns);
    EXPECT_EQ(Options().messaging().session_record_ns, MessagingOptions().session_record_ns);
    EXPECT_EQ(options.greeting_timeout, std::chrono::milliseconds(4));
    EXPECT_EQ(parse({"--greeting-timeout-ms", "8"}).value().options.greeting_timeout,
              std::chrono::milliseconds(8));
}

TEST(Options, EnvironmentNamesTheGrid) {
    setenv("RINGSIDE_GRID", "from-environment", 1);
    EXPECT_EQ(parse({}).value().options.grid, "from-environment");
    EXPECT_EQ(parse({"--grid", "from-flag"}).value().options.grid, "from-flag");
    unsetenv("RINGSIDE_GRID");
}

TEST(Options, BadFlagsAreRefused) {
    for (const std::vector<const char*>& bad : {std::vector<const char*>{"--memory", "lots"},
                                                {"--grid", "no/slash"},
                                                {"--grid", ""},
                                                {"--session-memory", "15MiB"},
                                                {"--session-memory", "much"},
                                                {"--bookkeeping-memory", "7MiB"},
                                                {"--bookkeeping-memory", "much"},
                                                {"--greeting-timeout-ms", "0"},
                                                {"--accept-timeout-ms", "0"},
                                                {"--response-timeout-ms", "3600001"},
                                                {"--rematch-interval-ms", "0"},
                                                {"--rematch-interval-ms", "3600001"},
                                                {"--session-record-delay-ms", "0"},
                                                {"--log-level", "loud"},
                                                {"--retain-bytes", "1GB"}}) {
        const auto parsed = parse(bad);
        ASSERT_FALSE(parsed) << bad[0] << ' ' << bad[1];
        EXPECT_TRUE(parsed.error().code == Errc::bad_configuration ||
                    parsed.error().code == Errc::bad_grid_name);
    }
    for (const std::vector<const char*>& usage : {std::vector<const char*>{"--unknown"},
                                                  {"--memory"},
                                                  {"--spin-us", "-1"},
                                                  {"--spin-us", "99999999999"},
                                                  {"--sessions-max", "0"},
                                                  {"--sessions-max", "4097"},
                                                  {"--ring-entries", "-5"},
                                                  {"extra"}}) {
        const auto parsed = parse(usage);
        ASSERT_TRUE(parsed);
        EXPECT_TRUE(parsed->is_done);
        EXPECT_EQ(parsed->status, 2);
    }
    const auto help = parse({"--help"});
    ASSERT_TRUE(help);
    EXPECT_TRUE(help->is_done);
    EXPECT_EQ(help->status, 0);
}

TEST(Options, MistakesInTheFileAreShownWithTheirLine) {
    expect_refused("grid = 'a'\nmemmory = '1GiB'\n", 2, "memmory");
    expect_refused("\n\nmemory = '1GB'\n", 3, "1GB");
    expect_refused("memory = -5\n", 1, "memory");
    expect_refused("memory = true\n", 1, "memory");
    expect_refused("spin-us = 'long'\n", 1, "spin-us");
    expect_refused("sessions-max = 1.5\n", 1, "sessions-max");
    expect_refused("grid = 7\n", 1, "grid");
    expect_refused("grid = 'a'\ngrid = 'b'\n", 2, "grid");
    expect_refused("grid = 'a\n", 1, "");
    expect_refused("role = 'admin'\n", 1, "[[role]]");
    expect_refused("[[role]]\nuser = 0\nrole = 'king'\n", 3, "king");
    expect_refused("[[role]]\nuser = 'nobody-of-that-name'\nrole = 'reader'\n", 2,
                   "nobody-of-that-name");
    expect_refused("[[role]]\ngroup = 'no-such-group'\nrole = 'reader'\n", 2, "no-such-group");
    expect_refused("[[role]]\nuser = 1\ngroup = 1\nrole = 'reader'\n", 2, "one");
    expect_refused("[[role]]\nrole = 'reader'\n", 1, "user or group");
    expect_refused("[[role]]\nuser = 1\n", 1, "role");
    expect_refused("[[role]]\nuser = 1\nrole = 'writer'\npatterns = ['a/**', 'b//c']\n", 4, "");
    expect_refused("[[role]]\nuser = 1\nrole = 'writer'\npatterns = 'a'\n", 4, "list");
    expect_refused("[[role]]\nuser = 1\nrole = 'writer'\ncolour = 'red'\n", 4, "colour");
    expect_refused("[[role]]\nuser = 4294967296\nrole = 'writer'\n", 2, "user");
}

TEST(Options, FileThatIsNotThereIsNamed) {
    const auto parsed = parse({"--config", "/nowhere/ringside.toml"});
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error().code, Errc::bad_configuration);
    EXPECT_NE(parsed.error().detail.find("/nowhere/ringside.toml"), std::string::npos);
}

TEST(Options, OwnUserIsAdminItsGroupReadsOthersAreRefused) {
    const Options options;
    const std::uint32_t uid = geteuid();
    const std::uint32_t gid = getegid();
    EXPECT_EQ(options.access_of({1, uid, gid + 1, {}}).role, Role::admin);
    EXPECT_EQ(options.access_of({1, uid + 1, gid, {}}).role, Role::reader);
    EXPECT_EQ(options.access_of({1, uid + 1, gid + 1, {gid + 2, gid}}).role, Role::reader);
    EXPECT_EQ(options.access_of({1, uid + 1, gid + 1, {}}).role, Role::none);
}

TEST(Options, FirstRoleThatAppliesDecides) {
    const auto parsed = parse_file(
        "[[role]]\nuser = 5001\nrole = 'writer'\npatterns = ['orders/**']\n"
        "[[role]]\ngroup = 6001\nrole = 'none'\n"
        "[[role]]\ngroup = 6002\nrole = 'writer'\n"
        "[[role]]\nuser = 'root'\nrole = 'reader'\n");
    ASSERT_TRUE(parsed) << parsed.error().text();
    const Options& options = parsed->options;
    const Access first = options.access_of({1, 5001, 6001, {}});
    EXPECT_EQ(first.role, Role::writer);
    EXPECT_TRUE(first.may_write("orders/7"));
    EXPECT_FALSE(first.may_write("prices/7"));
    EXPECT_EQ(options.access_of({1, 5002, 6001, {}}).role, Role::none);
    EXPECT_EQ(options.access_of({1, 5002, 9, {6002}}).role, Role::writer);
    EXPECT_TRUE(options.access_of({1, 5002, 6002, {}}).may_write("anything"));
    EXPECT_EQ(options.access_of({1, 0, 9, {}}).role, Role::reader)
        << "a rule comes before the default";
}

TEST(Access, OnlyAdminsChangeGridLevelSettings) {
    for (const auto kind : {wire::CommandKind::compact, wire::CommandKind::add_index,
                            wire::CommandKind::remove_index, wire::CommandKind::close_session}) {
        Command command;
        command.kind = kind;
        command.name = "a/*";
        EXPECT_TRUE((Access{Role::admin, {}}.may(command)));
        for (const Role role : {Role::none, Role::reader, Role::writer, Role::provider}) {
            EXPECT_FALSE((Access{role, {}}.may(command)));
        }
    }
}

}  // namespace
}  // namespace ringside::broker
