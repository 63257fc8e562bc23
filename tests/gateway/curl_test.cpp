#include <fmt/format.h>

#include "tests/gateway/gateway_test.hpp"

namespace ringside {
namespace {

using ::testing::HasSubstr;

/// The examples of docs/gateway.md, run with curl.
class GatewayByCurl : public testing::GatewayTest {
protected:
    /// Returns the first line of the response, and the status.
    [[nodiscard]] std::string curl(std::vector<std::string> arguments,
                                   const std::string& target) const {
        std::vector<std::string> command{"/usr/bin/curl",  "-sS", "--max-time", "60", "-w",
                                         " %{http_code}\n"};
        command.insert(command.end(), arguments.begin(), arguments.end());
        command.push_back(gateway_.url(target));
        testing::Process program(std::move(command));
        const std::string line = program.read_line();
        EXPECT_EQ(program.finish(0), 0) << program.errors();
        return line;
    }
    static constexpr const char* seat = "/v1/records/event%2F42%2Fseat%2FA12";
};

TEST_F(GatewayByCurl, TheFirstCommandsWorkAsTheyAreShown) {
    const std::string put = curl({"-X", "PUT", "-d", R"({"status":"free","price":4200})"}, seat);
    EXPECT_THAT(put, HasSubstr(R"("version":1} 201)"));
    EXPECT_EQ(curl({}, seat), R"({"price":4200,"status":"free"} 200)");
    testing::Process watch({"/usr/bin/curl", "-sSN", "--max-time", "60",
                            gateway_.url("/v1/watch?pattern=event/42/**&initial=true")});
    EXPECT_EQ(watch.read_line(), "event: current");
    EXPECT_THAT(watch.read_line(), HasSubstr(R"("name":"event/42/seat/A12")"));
}

TEST_F(GatewayByCurl, PatchesConditionsAndDeletesWork) {
    const auto tag = [&] {
        const auto record = client_.get("a").value();
        return fmt::format("\"{}-{:x}\"", record.revision(), record.updated_ns());
    };
    client_.put("a", R"({"n":1})").value();
    const std::string first = "If-Match: " + tag();
    EXPECT_THAT(curl({"-X", "PATCH", "-H", "Content-Type: application/merge-patch+json", "-H",
                      first, "-d", R"({"n":2})"},
                     "/v1/records/a"),
                HasSubstr(R"("version":2} 200)"));
    EXPECT_THAT(curl({"-X", "PATCH", "-H", "Content-Type: application/merge-patch+json", "-H",
                      first, "-d", R"({"n":3})"},
                     "/v1/records/a"),
                HasSubstr(" 412"));
    EXPECT_EQ(curl({"--compressed", "-H", "If-None-Match: " + tag()}, "/v1/records/a"), " 304");
    EXPECT_THAT(curl({"-X", "DELETE"}, "/v1/records/a"), HasSubstr(" 200"));
    EXPECT_THAT(curl({"--http2-prior-knowledge", "--http1.1"}, "/v1/records/a"), HasSubstr(" 404"));
}

TEST_F(GatewayByCurl, LargeUploadGetsContinueOrARefusal) {
    const testing::TemporaryDirectory directory;
    for (const auto& [bytes, status] : std::vector<std::pair<std::size_t, std::string>>{
             {2'000'000, " 201"}, {17'000'000, " 413"}}) {
        std::ofstream(directory / "body") << '"' << std::string(bytes, 'x') << '"';
        EXPECT_THAT(curl({"-T", directory / "body", "-H", "Expect: 100-continue"},
                         "/v1/records/" + std::to_string(bytes)),
                    HasSubstr(status));
    }
    EXPECT_THAT(curl({"-T", directory / "body", "-H", "Expect:"}, "/v1/records/b"),
                HasSubstr(" 413"));
}

}  // namespace
}  // namespace ringside
