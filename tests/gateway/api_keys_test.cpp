#include "tools/gateway/access/api_keys.hpp"

#include <algorithm>

#include "tests/gateway/access_test.hpp"
#include "tools/gateway/access/base64url.hpp"

/// API keys and client certificates, tested through the authenticator.
namespace ringside::gateway {
namespace {

using namespace std::chrono_literals;

constexpr auto now = std::chrono::system_clock::time_point(1'800'000'000s);

class ApiKeysTest : public testing::AccessTest {
protected:
    [[nodiscard]] static std::string key_table(const std::string& user, const std::string& key) {
        return "[[api_key]]\nuser = \"" + user + "\"\nhash = \"" + api_key_hash(key) + "\"\n";
    }

    [[nodiscard]] static std::string user_of(const Authenticator& authenticator,
                                             const Credentials& credentials) {
        const auto identity = authenticator.authenticate(credentials, now);
        if (!identity) {
            EXPECT_EQ(identity.error().code, Errc::permission_denied);
            return "refused: " + identity.error().detail;
        }
        return (*identity)->user;
    }
};

TEST_F(ApiKeysTest, NewKeysAreRandomAndUnique) {
    const std::string first = make_api_key().value();
    const std::string second = make_api_key().value();
    EXPECT_NE(first, second);
    EXPECT_TRUE(first.starts_with("rsk_"));
    EXPECT_EQ(first.size(), 47U);
    EXPECT_EQ(from_base64url(first.substr(4)).value_or("").size(), 32U);
}

TEST_F(ApiKeysTest, KeyIsFoundByItsDigest) {
    EXPECT_EQ(api_key_hash("test"),
              "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08");
}

TEST_F(ApiKeysTest, KeyIdentifiesItsUserInHeadersAndParameter) {
    const std::string key = make_api_key().value();
    const auto access = load(key_table("seatmap", key) +
                             "claims = { tenant = \"arena\", seats = 7, vip = true }\n");
    ASSERT_TRUE(access) << access.error().text();
    const std::string bearer = "Bearer " + key;
    EXPECT_EQ(user_of(access->authenticator, {.api_key = key}), "seatmap");
    EXPECT_EQ(user_of(access->authenticator, {.access_token = key}), "seatmap");
    EXPECT_EQ(user_of(access->authenticator, {.authorization = bearer}), "seatmap");
    EXPECT_EQ(user_of(access->authenticator, {.authorization = "bEARER   " + key}), "seatmap");
    const auto identity = access->authenticator.authenticate({.api_key = key}, now);
    const Claims claims = {{"tenant", "arena"}, {"seats", "7"}, {"vip", "true"}};
    EXPECT_EQ((*identity)->claims, claims);
    EXPECT_FALSE((*identity)->is_anonymous);
    EXPECT_EQ(access->authenticator.authenticate({.authorization = bearer}, now)->get(),
              identity->get());
}

TEST_F(ApiKeysTest, UnknownKeyIsRefusedEvenIfAnonymousRequestsAreServed) {
    const auto access = load(key_table("a", "a") + "[access]\nallow_anonymous = true\n");
    ASSERT_TRUE(access) << access.error().text();
    const Authenticator& authenticator = access->authenticator;
    EXPECT_EQ(user_of(authenticator, {}), "anonymous");
    EXPECT_TRUE(authenticator.authenticate({}, now).value()->is_anonymous);
    EXPECT_EQ(user_of(authenticator, {.api_key = "b"}), "refused: unknown API key");
    EXPECT_EQ(user_of(authenticator, {.authorization = "Basic YTph"}),
              "refused: Authorization scheme is not Bearer");
    EXPECT_EQ(user_of(authenticator, {.authorization = "Bearer"}),
              "refused: Authorization scheme is not Bearer");
    EXPECT_EQ(user_of(authenticator, {.authorization = "Bearer  "}),
              "refused: unknown API key, and [jwt] is not configured");
    EXPECT_EQ(user_of(authenticator, {.access_token = std::string(8193, 'a')}),
              "refused: token too long");
    EXPECT_EQ(user_of(authenticator, {.api_key = std::string(8193, 'a')}),
              "refused: API key too long");
}

TEST_F(ApiKeysTest, KeyTogetherWithOtherCredentialsIsRefused) {
    const auto access = load(key_table("a", "a"));
    ASSERT_TRUE(access);
    EXPECT_EQ(user_of(access->authenticator, {.authorization = "Bearer a", .api_key = "a"}),
              "refused: more than one of Authorization, X-API-Key and access_token");
}

TEST_F(ApiKeysTest, RequestsNeedAKeyOnceOneIsConfigured) {
    const auto access = load(key_table("a", "a"));
    ASSERT_TRUE(access);
    EXPECT_TRUE(access->authenticator.has_methods());
    EXPECT_FALSE(access->authenticator.allows_anonymous());
    EXPECT_EQ(user_of(access->authenticator, {}), "refused: no credentials");
}

TEST_F(ApiKeysTest, KeysAreIgnoredWithoutConfiguration) {
    const auto access = load("");
    ASSERT_TRUE(access);
    EXPECT_FALSE(access->authenticator.has_methods());
    EXPECT_TRUE(access->authenticator.allows_anonymous());
    EXPECT_EQ(user_of(access->authenticator, {.api_key = "b"}), "anonymous");
}

TEST_F(ApiKeysTest, DamagedKeyInTheFileIsAnErrorWithItsLine) {
    const std::string hash = "hash = \"" + api_key_hash("a") + "\"\n";
    expect_refused("api_key = 1", 1, "[[api_key]]");
    expect_refused("[[api_key]]\nuser = \"a\"", 1, "set user and hash");
    expect_refused("[[api_key]]\nuser = 7\n" + hash, 2, "user must be a string");
    expect_refused("[[api_key]]\nuser = \"\"\n" + hash, 2, "user must not be empty");
    expect_refused("[[api_key]]\nuser = \"a/b\"\n" + hash, 2, "contains '/'");
    expect_refused("[[api_key]]\nuser = \"*\"\n" + hash, 2, "invalid user name");
    expect_refused("[[api_key]]\nuser = \"$sys\"\n" + hash, 2, "starts with '$'");
    expect_refused("[[api_key]]\nuser = \"a\"\nhash = \"sha256:12\"", 3, "64 hexadecimal digits");
    expect_refused(
        "[[api_key]]\nuser = \"a\"\nhash = \"" + api_key_hash("a").replace(9, 1, "g") + "\"", 3,
        "64 hexadecimal digits");
    expect_refused("[[api_key]]\nuser = \"a\"\nkey = \"rsk_\"", 3, "'key' is not an option of");
    expect_refused("[[api_key]]\nuser = \"a\"\n" + hash + "claims = 1", 4, "must be a table");
    expect_refused("[[api_key]]\nuser = \"a\"\n" + hash + "claims = { a = 1.5 }", 4, "claim 'a'");
    expect_refused(key_table("a", "a") + key_table("b", "a"), 6, "duplicate hash");
    expect_refused("[access]\nallow_anonymous = 1\n", 2, "true or false");
    expect_refused("[access]\nanonymous = true\n", 2, "'anonymous' is not an option of");
    expect_refused("access = 1\n", 1, "access must be a table");
    expect_refused("[access]\nallow_anonymous = false\n", 1, "no client could authenticate");
}

class CertificatesTest : public ApiKeysTest {
protected:
    [[nodiscard]] Authenticator authenticator() const {
        return load(R"(
[[certificate]]
common_name = "reports.example.com"
user = "reports"

[[certificate]]
dns_name = "Maps.example.com"
user = "maps"
)")
            .value()
            .authenticator;
    }
};

TEST_F(CertificatesTest, EitherNameIdentifiesTheUser) {
    const Authenticator by = authenticator();
    const ClientCertificate reports{.common_name = "reports.example.com", .dns_names = {}};
    const ClientCertificate maps{.common_name = "", .dns_names = {"x", "maps.EXAMPLE.com"}};
    EXPECT_EQ(user_of(by, {.certificate = &reports}), "reports");
    EXPECT_EQ(user_of(by, {.certificate = &maps}), "maps");
}

TEST_F(CertificatesTest, UnmappedCertificateIsRefused) {
    const Authenticator by = authenticator();
    const ClientCertificate none{.common_name = "", .dns_names = {}};
    const ClientCertificate longer{.common_name = "reports.example.com.evil", .dns_names = {}};
    const ClientCertificate crossed{.common_name = "maps.example.com",
                                    .dns_names = {"reports.example.com"}};
    const ClientCertificate with_nul{.common_name = "",
                                     .dns_names = {std::string("maps.example.com\0.evil", 22)}};
    for (const ClientCertificate& certificate : {none, longer, crossed, with_nul}) {
        EXPECT_EQ(user_of(by, {.certificate = &certificate}),
                  "refused: client certificate matches no user");
    }
}

TEST_F(CertificatesTest, CertificateCountsOnlyWithoutOtherCredentials) {
    const Authenticator by = authenticator();
    const ClientCertificate reports{.common_name = "reports.example.com", .dns_names = {}};
    EXPECT_TRUE(
        user_of(by, {.api_key = "unknown", .certificate = &reports}).starts_with("refused"));
}

TEST_F(CertificatesTest, CertificateIsIgnoredWithoutAMapping) {
    const auto access = load(key_table("a", "a") + "[access]\nallow_anonymous = true\n");
    const ClientCertificate reports{.common_name = "reports.example.com", .dns_names = {}};
    EXPECT_EQ(user_of(access->authenticator, {.certificate = &reports}), "anonymous");
}

TEST_F(CertificatesTest, DamagedMappingIsAnErrorWithItsLine) {
    expect_refused("[[certificate]]\nuser = \"a\"", 1, "common_name or dns_name");
    expect_refused("[[certificate]]\ncommon_name = \"a\"", 1, "set user");
    expect_refused("[[certificate]]\nuser = \"a\"\ncommon_name = \"a\"\ndns_name = \"b\"", 1,
                   "common_name or dns_name");
    expect_refused("[[certificate]]\nuser = \"a/b\"\ncommon_name = \"a\"", 2, "contains '/'");
    expect_refused("[[certificate]]\nname = \"a\"", 2, "'name' is not an option of");
}

}  // namespace
}  // namespace ringside::gateway
