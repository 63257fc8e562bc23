#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>

#include "tests/gateway/certificates.hpp"
#include "tests/gateway/gateway_test.hpp"
#include "tests/support/cli_test.hpp"
#include "tests/support/temporary_directory.hpp"

namespace ringside {
namespace {

using testing::Certificate;
using ::testing::HasSubstr;

/// A gateway with certificates made for the test, accessed with `curl`.
class GatewayTls : public testing::GatewayTest {
protected:
    struct Answer {
        int status = 0;  ///< of curl
        std::string body;
    };

    /// `more` is the rest of the configuration after [tls].
    void configure(const std::string& client_certificates, const std::string& more) {
        write(client_certificates, more);
        gateway_.stop();
        gateway_.set_options({"--config", directory_ / "gateway.toml"});
        gateway_.start();
    }
    void rewrite(const std::string& client_certificates, const std::string& more) {
        write(client_certificates, more);
        gateway_.signal(SIGHUP);
        ASSERT_TRUE(gateway_.logs("configuration reloaded"));
    }
    void write(const std::string& client_certificates, const std::string& more) const {
        std::ofstream(directory_ / "gateway.toml", std::ios::trunc)
            << "[tls]\ncertificate = \"" << directory_ / "server.pem"
            << "\"\nkey = \"" << directory_ / "server.key"
            << "\"\n"
            << client_certificates << more;
    }
    [[nodiscard]] std::string contents(const std::string& name) const {
        std::ifstream file(directory_ / name);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    /// A stream of events that has begun.
    [[nodiscard]] std::unique_ptr<testing::Process> watch(const std::string& name) const {
        std::vector<std::string> command{"/usr/bin/curl", "-sSN",     "--max-time",
                                         "120",           "--cacert", directory_ / "ca.pem"};
        for (std::string& word : as(name)) command.push_back(std::move(word));
        command.push_back(gateway_.url("/v1/watch?pattern=open/*", true));
        auto stream = std::make_unique<testing::Process>(std::move(command));
        EXPECT_TRUE(stream->read_line().starts_with("id: "));
        return stream;
    }
    /// Returns what a stream delivers before it ends.
    static std::string rest_of(testing::Process& stream) {
        stream.finish(0);
        std::string rest;
        // Events are separated by one empty line; the end is a series of them.
        for (int empty = 0; empty < 3;) {
            const std::string line = stream.read_line();
            empty = line.empty() ? empty + 1 : 0;
            rest += line + '\n';
        }
        return rest;
    }
    void SetUp() override {
        const auto authority = Certificate::authority("Test authority");
        authority.write(directory_ / "ca.pem", directory_ / "ca.key");
        authority.sign("localhost").write(directory_ / "server.pem", directory_ / "server.key");
        authority.sign("reports.example.com")
            .write(directory_ / "reports.pem", directory_ / "reports.key");
        authority.sign("unknown.example.com")
            .write(directory_ / "unknown.pem", directory_ / "unknown.key");
        const auto another = Certificate::authority("Another authority");
        another.write(directory_ / "forged-ca.pem", directory_ / "forged-ca.key");
        another.sign("reports.example.com")
            .write(directory_ / "forged.pem", directory_ / "forged.key");
    }
    [[nodiscard]] Answer curl(std::vector<std::string> arguments, const std::string& target) const {
        std::vector<std::string> command{
            "/usr/bin/curl",       "-sS", "--max-time",     "60", "--cacert",
            directory_ / "ca.pem", "-w",  " %{http_code}\n"};
        command.insert(command.end(), arguments.begin(), arguments.end());
        command.push_back(gateway_.url(target, true));
        testing::Process program(std::move(command));
        std::string body = program.read_line();
        return {program.finish(0), std::move(body)};
    }
    [[nodiscard]] std::vector<std::string> as(const std::string& name) const {
        return {"--cert", directory_ / (name + ".pem"), "--key", directory_ / (name + ".key")};
    }
    [[nodiscard]] std::string client_ca(bool is_required) const {
        return "client_ca = \"" + directory_ / "ca.pem" +
               "\"\nrequire_client_certificate = " + (is_required ? "true" : "false") + "\n";
    }
    static constexpr const char* reports_only =
        "[[certificate]]\ncommon_name = \"reports.example.com\"\nuser = \"reports\"\n"
        "[[rule]]\nusers = [\"reports\"]\nactions = [\"read\"]\npatterns = [\"open/**\"]\n";

    static constexpr const char* another_user =
        "[[certificate]]\ncommon_name = \"another.example.com\"\nuser = \"another\"\n"
        "[[rule]]\nactions = [\"read\"]\npatterns = [\"open/**\"]\n";

    testing::TemporaryDirectory directory_;
};

TEST_F(GatewayTls, MetricsShowWhenTheCertificateExpires) {
    configure("", "");
    const std::string name = "ringside_gateway_certificate_expiry_timestamp_seconds ";
    const std::string url = gateway_.url("/metrics", true);
    const std::string text =
        testing::shell("curl -sS --cacert " + (directory_ / "ca.pem") + " " + url).output;
    const std::size_t at = text.find("\n" + name);
    ASSERT_NE(at, std::string::npos) << text;
    const double expiry = std::stod(text.substr(at + 1 + name.size()));
    const auto now =
        std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
    EXPECT_GT(expiry, now) << "the certificate is valid for an hour";
    EXPECT_LE(expiry, now + 3600);
}

TEST_F(GatewayTls, ServesWhoTrustsItsCertificate) {
    configure("", "");
    const Answer stored = curl({"-X", "PUT", "-d", R"({"n":1})"}, "/v1/records/a");
    EXPECT_EQ(stored.status, 0);
    EXPECT_THAT(stored.body, HasSubstr(R"("version":1} 201)"));
    EXPECT_EQ(curl({}, "/v1/records/a").body, R"({"n":1} 200)");
    EXPECT_EQ(curl({"--tls-max", "1.2"}, "/v1/records/a").body, R"({"n":1} 200)");
    EXPECT_NE(curl({"--tls-max", "1.1"}, "/v1/records/a").status, 0);
    EXPECT_EQ(curl({"--cacert", directory_ / "forged.pem"}, "/healthz").status, 60)
        << "that is no authority of it";
}

TEST_F(GatewayTls, BytesInTheClearAreEndedAndTheNextConnectionIsServed) {
    configure("", "");
    for (const auto& bytes :
         {std::string("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"), std::string(300, '\0'),
          std::string("\x16\x03\x01\xff\xff", 5) + std::string(300, 'x')}) {
        const testing::RawSocket plain(gateway_.port());
        plain.send(bytes);
        plain.finish_sending();
        EXPECT_EQ(plain.read_to_end().find("200"), std::string::npos);
    }
    EXPECT_THAT(curl({}, "/healthz").body, HasSubstr(" 200"));
}

TEST_F(GatewayTls, AStreamGoesThroughIt) {
    configure("", "");
    client_.put("a", "1").value();
    testing::Process program({"/usr/bin/curl", "-sSN", "--max-time", "60", "--cacert",
                              directory_ / "ca.pem",
                              gateway_.url("/v1/watch?pattern=a&initial=true", true)});
    EXPECT_EQ(program.read_line(), "event: current");
    for (std::string line = program.read_line(); !line.starts_with("id: ");) {
        ASSERT_TRUE(line.empty() || line.starts_with("data: ")) << line;
        line = program.read_line();
    }
    client_.put("a", "2").value();
    EXPECT_EQ(program.read_line(), "");
    EXPECT_EQ(program.read_line(), "event: put");
    EXPECT_THAT(program.read_line(), HasSubstr(R"("document":2)"));
    EXPECT_EQ(gateway_.stop(), 0);
}

TEST_F(GatewayTls, ALargeAnswerGoesThroughIt) {
    configure("", "");
    const std::string text(1'000'000, 'x');
    client_.put("a", '"' + text + '"').value();
    EXPECT_EQ(curl({}, "/v1/records/a").body, '"' + text + "\" 200");
}

TEST_F(GatewayTls, AClientsCertificateSaysWhoItIs) {
    configure(client_ca(false), reports_only);
    client_.put("open/1", "1").value();
    client_.put("closed/1", "1").value();
    EXPECT_EQ(curl(as("reports"), "/v1/records/open%2F1").body, "1 200");
    EXPECT_THAT(curl(as("reports"), "/v1/records/closed%2F1").body, HasSubstr(" 403"));
    EXPECT_THAT(curl(as("unknown"), "/v1/records/open%2F1").body, HasSubstr(" 401"));
    EXPECT_THAT(curl({}, "/v1/records/open%2F1").body, HasSubstr(" 401"));
    EXPECT_NE(curl(as("forged"), "/v1/records/open%2F1").status, 0);
    EXPECT_EQ(curl(as("reports"), "/v1/records/open%2F1").body, "1 200");
}

TEST_F(GatewayTls, RequiredClientCertificateIsEnforced) {
    configure(client_ca(true), reports_only);
    client_.put("open/1", "1").value();
    EXPECT_NE(curl({}, "/healthz").status, 0);
    EXPECT_NE(curl(as("forged"), "/healthz").status, 0);
    EXPECT_EQ(curl(as("reports"), "/v1/records/open%2F1").body, "1 200");
}

TEST_F(GatewayTls, StreamsEndWhenTheUserOfTheirCertificateIsWithdrawn) {
    configure(client_ca(false), std::string(reports_only) + another_user);
    auto stream = watch("reports");
    rewrite(client_ca(false), another_user);
    EXPECT_THAT(rest_of(*stream), HasSubstr("unauthenticated"));
}

TEST_F(GatewayTls, ConnectionsEndWhenTheAuthorityOfTheirCertificateIsWithdrawn) {
    // The configuration trusts both authorities.
    std::ofstream(directory_ / "clients.pem") << contents("ca.pem") << contents("forged-ca.pem");
    const std::string clients = "client_ca = \"" + directory_ / "clients.pem" + "\"\n";
    configure(clients, reports_only);
    auto ended = watch("reports");
    auto kept = watch("forged");
    std::ofstream(directory_ / "clients.pem", std::ios::trunc) << contents("forged-ca.pem");
    rewrite(clients, reports_only);
    EXPECT_EQ(rest_of(*ended).find("event: "), std::string::npos);
    client_.put("open/1", "1").value();
    std::string line;
    while (!line.starts_with("data: ")) line = kept->read_line();
    EXPECT_THAT(line, HasSubstr("open/1"));
}

TEST_F(GatewayTls, SighupReadsTheCertificateAgain) {
    configure("", "");
    const auto other = Certificate::authority("The next authority");
    other.write(directory_ / "ca.pem", directory_ / "ca.key");
    other.sign("localhost").write(directory_ / "server.pem", directory_ / "server.key");
    EXPECT_EQ(curl({}, "/healthz").status, 60) << "it has the one of before";
    gateway_.signal(SIGHUP);
    ASSERT_TRUE(gateway_.logs("configuration reloaded"));
    EXPECT_THAT(curl({}, "/healthz").body, HasSubstr(" 200"));
}

}  // namespace
}  // namespace ringside
