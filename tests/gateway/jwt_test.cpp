#include "tools/gateway/access/jwt.hpp"

#include <openssl/err.h>

#include "tests/gateway/access_test.hpp"
#include "tests/gateway/signing_key.hpp"
#include "tools/gateway/access/access_limits.hpp"
#include "tools/gateway/access/base64url.hpp"

namespace ringside::gateway {
namespace {

using namespace std::chrono_literals;
using testing::SigningKey;

constexpr std::int64_t now_s = 1'800'000'000;
constexpr auto now = std::chrono::system_clock::time_point(std::chrono::seconds(now_s));
constexpr std::string_view secret = "0123456789abcdef0123456789abcdef";

constexpr std::string_view hs256 = R"({"alg":"HS256","typ":"JWT"})";
constexpr std::string_view rs256 = R"({"alg":"RS256","typ":"JWT","kid":"r1"})";
constexpr std::string_view es256 = R"({"alg":"ES256","kid":"e1"})";

// Created once, because creating keys takes longer than all tests together.
const SigningKey& rsa_key() {
    static const SigningKey key = SigningKey::rsa();
    return key;
}
const SigningKey& other_rsa_key() {
    static const SigningKey key = SigningKey::rsa();
    return key;
}
const SigningKey& p256_key() {
    static const SigningKey key = SigningKey::p256();
    return key;
}
const SigningKey& secret_key() {
    static const SigningKey key = SigningKey::secret(std::string(secret));
    return key;
}

std::string claims(const std::string& more = "") {
    return R"({"sub":"ann","exp":)" + std::to_string(now_s + 60) + more + "}";
}

class JwtTest : public testing::AccessTest {
protected:
    static constexpr std::string_view with_all =
        "[jwt]\nalgorithms = [\"HS256\", \"RS256\", \"ES256\"]\n"
        "jwks_file = \"jwks.json\"\nsecret_file = \"secret\"\n";

    JwtTest() {
        write_file("secret", std::string(secret) + "\n");
        write_jwks({rsa_key().jwk("r1", R"(,"use":"sig","alg":"RS256")"), p256_key().jwk("e1")});
    }

    void write_jwks(const std::vector<std::string>& keys) const {
        std::string list;
        for (const std::string& key : keys) list += (list.empty() ? "" : ",") + key;
        write_file("jwks.json", R"({"keys":[)" + list + "]}");
    }

    [[nodiscard]] Authenticator authenticator(const std::string& more = "") const {
        return load(std::string(with_all) + more).value().authenticator;
    }

    static std::string outcome(const Authenticator& by, const std::string& token,
                               std::chrono::system_clock::time_point at = now) {
        const auto identity = by.authenticate({.access_token = token}, at);
        EXPECT_EQ(ERR_peek_error(), 0U) << "the next failure of TLS would be mistaken";
        if (identity) return (*identity)->user;
        EXPECT_EQ(identity.error().code, Errc::permission_denied);
        EXPECT_EQ(identity.error().detail.find(secret), std::string::npos);
        return identity.error().detail;
    }

    /// Returns the outcome for correctly signed claims.
    static std::string outcome_of(const Authenticator& by, const std::string& claims_json) {
        return outcome(by, secret_key().sign(hs256, claims_json));
    }
};

TEST_F(JwtTest, EachAlgorithmIsAccepted) {
    const Authenticator by = authenticator();
    EXPECT_EQ(outcome(by, secret_key().sign(hs256, claims())), "ann");
    EXPECT_EQ(outcome(by, rsa_key().sign(rs256, claims())), "ann");
    EXPECT_EQ(outcome(by, p256_key().sign(es256, claims())), "ann");
    const std::string bearer = "Bearer " + rsa_key().sign(rs256, claims());
    EXPECT_EQ(by.authenticate({.authorization = bearer}, now).value()->user, "ann");
    EXPECT_FALSE(by.authenticate({.api_key = rsa_key().sign(rs256, claims())}, now));
}

TEST_F(JwtTest, ExamplesOfTheStandardAreAccepted) {
    // RFC 7515, A.2 and A.3: keys and signatures made by others.
    write_file(
        "jwks.json",
        R"({"keys":[{"kty":"RSA","n":")"
        "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0"
        "Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXnd"
        "S5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5Ihl"
        "JH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
        R"(","e":"AQAB"},{"kty":"EC","crv":"P-256",)"
        R"("x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
        R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]})");
    const Authenticator by = authenticator("user_claim = \"iss\"\n");
    const std::string payload =
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cn"
        "VlfQ";
    const std::string of_rsa =
        "eyJhbGciOiJSUzI1NiJ9." + payload +
        ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2"
        "Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjt"
        "QBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6"
        "IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    const std::string of_ec =
        "eyJhbGciOiJFUzI1NiJ9." + payload +
        ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    const std::chrono::system_clock::time_point before(1'300'819'380s);
    EXPECT_EQ(outcome(by, of_rsa, before), "joe");
    EXPECT_EQ(outcome(by, of_ec, before), "joe");
    EXPECT_EQ(outcome(by, of_ec), "token has expired");
}

TEST_F(JwtTest, ScalarMembersBecomeClaims) {
    const Authenticator by = authenticator();
    const std::string token = secret_key().sign(
        hs256, claims(R"(,"event":"42","seats":-7,"vip":true,"no":false,)"
                      R"("half":0.5,"null":null,"list":["a"],"object":{"a":"b"})"));
    const auto identity = by.authenticate({.access_token = token}, now);
    ASSERT_TRUE(identity) << identity.error().detail;
    const Claims expected = {{"sub", "ann"},  {"exp", std::to_string(now_s + 60)},
                             {"event", "42"}, {"seats", "-7"},
                             {"vip", "true"}, {"no", "false"}};
    EXPECT_EQ((*identity)->claims, expected);
    EXPECT_FALSE((*identity)->is_anonymous);
}

TEST_F(JwtTest, TokenThatLibjwtCannotReadIsRefused) {
    const Authenticator by = authenticator();
    for (const std::string more : {R"(,"n":18446744073709551615)", R"(,"a\u0000b":1)"}) {
        EXPECT_EQ(outcome_of(by, claims(more)), "token signature does not match the secret");
    }
}

TEST_F(JwtTest, ExpireAndBeginWithinTheLeeway) {
    const Authenticator by = authenticator("leeway_s = 10\n");
    const std::string token = secret_key().sign(hs256, claims());
    const Authenticator fresh = authenticator("leeway_s = 10\n");
    EXPECT_EQ(outcome(by, token, now + 69s), "ann");
    EXPECT_EQ(outcome(by, token, now + 70s), "token has expired") << "though it is remembered";
    EXPECT_EQ(outcome(by, token, now + 71s), "token has expired");
    EXPECT_EQ(outcome(fresh, token, now + 70s), "token has expired") << "nor verified again";
    const std::string later =
        secret_key().sign(hs256, claims(R"(,"nbf":)" + std::to_string(now_s + 20)));
    EXPECT_EQ(outcome(by, later, now + 9s), "token is not valid yet");
    EXPECT_EQ(outcome(by, later, now + 10s), "ann");
}

TEST_F(JwtTest, TimesMustBeNumbers) {
    const Authenticator by = authenticator();
    const std::string no_exp = "token lacks a numeric exp";
    EXPECT_EQ(outcome_of(by, R"({"sub":"ann"})"), no_exp);
    EXPECT_EQ(outcome_of(by, R"({"sub":"ann","exp":"1900000000"})"), no_exp);
    EXPECT_EQ(outcome_of(by, R"({"sub":"ann","exp":null})"), no_exp);
    EXPECT_EQ(outcome_of(by, R"({"sub":"ann","exp":1900000000.5})"), "ann");
    EXPECT_EQ(outcome_of(by, R"({"sub":"ann","exp":1e300})"), "ann");
    EXPECT_EQ(outcome_of(by, R"({"sub":"ann","exp":-1e300})"), "token has expired");
    EXPECT_EQ(outcome_of(by, R"({"sub":"ann","exp":0})"), "token has expired");
    EXPECT_EQ(outcome_of(by, claims(R"(,"nbf":"0")")), "token nbf is not a number");
    EXPECT_EQ(outcome_of(by, claims(R"(,"nbf":1e300)")), "token is not valid yet");
}

TEST_F(JwtTest, NameTheIssuerAndTheAudienceThatAreConfigured) {
    const Authenticator by =
        authenticator("issuer = \"https://id.example.com\"\naudience = \"ringside\"\n");
    const std::string issuer = R"(,"iss":"https://id.example.com")";
    EXPECT_EQ(outcome_of(by, claims(issuer + R"(,"aud":"ringside")")), "ann");
    EXPECT_EQ(outcome_of(by, claims(issuer + R"(,"aud":["x",7,"ringside"])")), "ann");
    const std::string bad_audience = "token aud lacks the configured audience";
    for (const std::string aud : {"", R"(,"aud":"other")", R"(,"aud":[])", R"(,"aud":["ringsid"])",
                                  R"(,"aud":{"a":"ringside"})", R"(,"aud":7)"}) {
        EXPECT_EQ(outcome_of(by, claims(issuer + aud)), bad_audience) << aud;
    }
    const std::string bad_issuer = "token iss is not the configured issuer";
    for (const std::string iss : {"", R"(,"iss":"https://id.example.com/")", R"(,"iss":[])"}) {
        EXPECT_EQ(outcome_of(by, claims(iss + R"(,"aud":"ringside")")), bad_issuer) << iss;
    }
}

TEST_F(JwtTest, NameAUserThatIsOneLevel) {
    const Authenticator by = authenticator("user_claim = \"email\"\n");
    const auto with_email = [&](const std::string& json) {
        return outcome_of(by, claims(R"(,"email":)" + json));
    };
    EXPECT_EQ(with_email(R"("ann@example.com")"), "ann@example.com");
    EXPECT_EQ(outcome_of(by, claims()), "token lacks a string claim 'email'");
    EXPECT_EQ(with_email("7"), "token lacks a string claim 'email'");
    const std::string long_user = "\"" + std::string(128, 'a') + "\"";
    for (const std::string bad :
         {R"("")", R"("a/b")", R"("*")", R"("a*")", R"("$sys")", R"("a\nb")", long_user.c_str()}) {
        EXPECT_TRUE(with_email(bad).starts_with("token claim 'email' is not a valid user: "))
            << bad;
    }
    EXPECT_EQ(with_email("\"" + std::string(127, 'a') + "\""), std::string(127, 'a'));
}

TEST_F(JwtTest, TokenWithoutASignatureIsRefused) {
    const Authenticator by = authenticator();
    for (const std::string alg : {"none", "None", "NONE", "hs256", "HS384", "HS512", "PS256", ""}) {
        const std::string header = R"({"alg":")" + alg + "\"}";
        const std::string content = to_base64url(header) + "." + to_base64url(claims()) + ".";
        EXPECT_EQ(outcome(by, content), "token algorithm '" + alg + "' is not allowed");
        EXPECT_EQ(outcome(by, secret_key().sign(header, claims())),
                  "token algorithm '" + alg + "' is not allowed");
    }
    const std::string unsigned_token = to_base64url(hs256) + "." + to_base64url(claims()) + ".";
    EXPECT_EQ(outcome(by, unsigned_token), "token signature does not match the secret");
    EXPECT_EQ(outcome(by, to_base64url(rs256) + "." + to_base64url(claims()) + "."),
              "token signature does not match the keys");
}

TEST_F(JwtTest, TokenSignedWithAPublicKeyAsSecretIsRefused) {
    const Authenticator by = authenticator();
    const SigningKey confused = SigningKey::secret(rsa_key().public_pem());
    EXPECT_EQ(outcome(by, confused.sign(hs256, claims())),
              "token signature does not match the secret");
    // Headers that one JSON parser reads as HS256 and another as RS256.
    for (const std::string header : {R"({"alg":"RS256","alg":"HS256","kid":"r1"})",
                                     R"({"alg":"HS256","alg":"RS256","kid":"r1"})"}) {
        EXPECT_TRUE(outcome(by, confused.sign(header, claims()))
                        .starts_with("token header: duplicate key in an object"));
    }
    const auto only_rsa =
        load("[jwt]\nalgorithms = [\"RS256\"]\njwks_file = \"jwks.json\"\n").value();
    EXPECT_EQ(outcome(only_rsa.authenticator, confused.sign(hs256, claims())),
              "token algorithm 'HS256' is not allowed");
    EXPECT_EQ(outcome(only_rsa.authenticator, p256_key().sign(es256, claims())),
              "token algorithm 'ES256' is not allowed");
    EXPECT_EQ(outcome(only_rsa.authenticator, rsa_key().sign(rs256, claims())), "ann");
}

TEST_F(JwtTest, TokenWithAnotherKeysSignatureIsRefused) {
    const Authenticator by = authenticator();
    const std::string not_ours = "token signature does not match the keys";
    EXPECT_EQ(outcome(by, other_rsa_key().sign(rs256, claims())), not_ours);
    EXPECT_EQ(outcome(by, SigningKey::p256().sign(es256, claims())), not_ours);
    EXPECT_EQ(outcome(by, secret_key().sign(es256, claims())), not_ours);
    EXPECT_EQ(outcome(by, p256_key().sign(R"({"alg":"RS256"})", claims())), not_ours);
    EXPECT_EQ(outcome(by, SigningKey::secret(std::string(secret) + "\n").sign(hs256, claims())),
              "token signature does not match the secret");
}

TEST_F(JwtTest, ChangedTokenIsRefused) {
    const Authenticator by = authenticator();
    for (const std::string& token :
         {rsa_key().sign(rs256, claims()), secret_key().sign(hs256, claims()),
          p256_key().sign(es256, claims())}) {
        ASSERT_EQ(outcome(by, token), "ann");
        const std::size_t first = token.find('.');
        const std::size_t second = token.rfind('.');
        const std::string other_claims =
            to_base64url(R"({"sub":"bob","exp":)" + std::to_string(now_s + 60) + "}");
        EXPECT_TRUE(outcome(by, token.substr(0, first + 1) + other_claims + token.substr(second))
                        .starts_with("token signature does not match the"));
        for (std::size_t at = second + 1; at < token.size(); ++at) {
            std::string changed = token;
            changed[at] = changed[at] == 'A' ? 'B' : 'A';
            EXPECT_NE(outcome(by, changed), "ann") << "at " << at << " of " << token;
        }
        EXPECT_NE(outcome(by, token.substr(0, token.size() - 4)), "ann");
    }
}

TEST_F(JwtTest, TokenIsVerifiedWithItsKeyIdOrAllKeysOfItsType) {
    write_jwks({other_rsa_key().jwk("r0"), rsa_key().jwk("r1"), p256_key().jwk("e1")});
    const Authenticator by = authenticator();
    EXPECT_EQ(outcome(by, rsa_key().sign(rs256, claims())), "ann");
    EXPECT_EQ(outcome(by, rsa_key().sign(R"({"alg":"RS256"})", claims())), "ann");
    EXPECT_EQ(outcome(by, rsa_key().sign(R"({"alg":"RS256","kid":"r0"})", claims())),
              "token signature does not match the keys");
    EXPECT_EQ(outcome(by, rsa_key().sign(R"({"alg":"RS256","kid":"r9\n"})", claims())),
              "no key 'r9?' for RS256");
    EXPECT_EQ(outcome(by, rsa_key().sign(R"({"alg":"RS256","kid":"e1"})", claims())),
              "no key 'e1' for RS256");
    EXPECT_EQ(outcome(by, rsa_key().sign(R"({"alg":"RS256","kid":""})", claims())),
              "no key '' for RS256");
    EXPECT_EQ(outcome(by, rsa_key().sign(R"({"alg":"RS256","kid":7})", claims())),
              "token kid is not a string");
}

TEST_F(JwtTest, TokenWithoutAMatchingKeyIsRefused) {
    write_jwks({rsa_key().jwk("r1")});
    EXPECT_EQ(outcome(authenticator(), p256_key().sign(R"({"alg":"ES256"})", claims())),
              "no key for ES256");
}

TEST_F(JwtTest, MalformedTokenIsRefused) {
    const Authenticator by = authenticator();
    const std::string good = secret_key().sign(hs256, claims());
    const std::string header = to_base64url(hs256);
    const std::string body = to_base64url(claims());
    EXPECT_EQ(outcome(by, header), "neither a known API key nor a JSON Web Token");
    EXPECT_EQ(outcome(by, header + "." + body), "token does not have three parts");
    EXPECT_EQ(outcome(by, good + ".x"), "token signature is not base64url");
    EXPECT_EQ(outcome(by, good + "="), "token signature is not base64url");
    EXPECT_EQ(outcome(by, good + "\n"), "token signature is not base64url");
    EXPECT_EQ(outcome(by, good + std::string(1, '\0')), "token signature is not base64url");
    EXPECT_EQ(outcome(by, " " + good), "token header is not base64url");
    EXPECT_EQ(outcome(by, "+." + body + "."), "token header is not base64url");
    EXPECT_EQ(outcome(by, header + ".A."), "token claims are not base64url");
    EXPECT_TRUE(outcome(by, "..").starts_with("token header: invalid JSON"));
    EXPECT_TRUE(outcome(by, to_base64url("{") + "..").starts_with("token header: "));
    EXPECT_EQ(outcome(by, to_base64url("[]") + ".."), "token header is not a JSON object");
    EXPECT_EQ(outcome(by, to_base64url("{}") + ".."), "token header lacks alg");
    EXPECT_EQ(outcome(by, to_base64url(R"({"alg":7})") + ".."), "token header lacks alg");
    EXPECT_EQ(outcome(by, secret_key().sign(R"({"alg":"HS256","crit":["x"],"x":1})", claims())),
              "token header has crit, which is not supported");
    EXPECT_EQ(outcome(by, secret_key().sign(R"({"alg":"HS256","typ":"JWE"})", claims())),
              "token typ is not JWT");
    EXPECT_EQ(outcome(by, secret_key().sign(R"({"alg":"HS256","typ":7})", claims())),
              "token typ is not JWT");
    for (const std::string bad :
         {"", "7", "[]", "null", "{", R"({"sub":"ann","sub":"bob"})", "{\"sub\":\"\xFF\"}"}) {
        const std::string refused = outcome_of(by, bad);
        EXPECT_TRUE(refused.starts_with("token ")) << bad << ": " << refused;
    }
    EXPECT_EQ(outcome(by, std::string(8193, '.')), "token too long");
}

TEST_F(JwtTest, VerifiedTokensAreCached) {
    const Authenticator by = authenticator();
    const std::string token = rsa_key().sign(rs256, claims());
    const auto first = by.authenticate({.access_token = token}, now);
    EXPECT_EQ(by.authenticate({.access_token = token}, now + 1s).value(), first.value());
}

TEST_F(JwtTest, TokensAndApiKeysWorkTogether) {
    const std::string key = make_api_key().value();
    const Authenticator by =
        authenticator("[[api_key]]\nuser = \"bob\"\nhash = \"" + api_key_hash(key) + "\"\n");
    EXPECT_EQ(outcome(by, key), "bob");
    EXPECT_EQ(outcome(by, rsa_key().sign(rs256, claims())), "ann");
}

TEST_F(JwtTest, KeysOfOtherUsesArePassedOver) {
    write_jwks({other_rsa_key().jwk("enc", R"(,"use":"enc")"),
                other_rsa_key().jwk("ps", R"(,"alg":"PS256")"),
                other_rsa_key().jwk("ops", R"(,"key_ops":["sign"])"), R"({"kty":"oct","k":"AAAA"})",
                R"({"kty":"EC","crv":"P-384","x":"AA","y":"AA"})", R"({"kty":"OKP"})", "{}",
                rsa_key().jwk("r1", R"(,"key_ops":["verify"])")});
    const Authenticator by = authenticator();
    EXPECT_EQ(outcome(by, rsa_key().sign(rs256, claims())), "ann");
    for (const std::string id : {"enc", "ps", "ops"}) {
        EXPECT_EQ(
            outcome(by, other_rsa_key().sign(R"({"alg":"RS256","kid":")" + id + "\"}", claims())),
            "no key '" + id + "' for RS256");
    }
}

TEST_F(JwtTest, KeysThatAreDamagedAreErrors) {
    const std::string text =
        "[jwt]\nalgorithms = [\"RS256\", \"ES256\"]\njwks_file = "
        "\"jwks.json\"\n";
    const auto expect = [&](const std::string& json, const std::string& why) {
        write_file("jwks.json", json);
        expect_refused(text, 3, "jwks.json: " + why);
    };
    const std::string good = p256_key().jwk("e1");
    expect("{", "invalid JSON");
    expect("{}", "not a JWK Set");
    expect("[]", "not a JWK Set");
    expect(R"({"keys":[]})", "no key for the configured algorithms");
    expect(R"({"keys":[)" + good + R"(,{"kty":"RSA","e":"AQAB"}]})", "keys[1]: member n is");
    expect(R"({"keys":[{"kty":"RSA","n":"A","e":"AQAB"}]})", "keys[0]: member n is not base");
    expect(R"({"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]})",
           "keys[0]: unsupported size of an RSA key; use");
    expect(R"({"keys":[)" + SigningKey::rsa(1024).jwk("x") + "]}",
           "keys[0]: unsupported size of an RSA key; use");
    const std::string modulus = to_base64url("\xFF" + std::string(254, 'x') + "\x01");
    for (const std::string exponent : {"AQ", "AA", "Ag", "", "AQAAAAAAAAAB"}) {
        expect(R"({"keys":[{"kty":"RSA","n":")" + modulus + R"(","e":")" + exponent + R"("}]})",
               "keys[0]: e is not a valid RSA exponent");
    }
    const std::string ones = to_base64url(std::string(32, '\x01'));
    const std::string zeros = to_base64url(std::string(31, '\0'));
    expect(R"({"keys":[{"kty":"EC","crv":"P-256","x":")" + ones + R"(","y":")" + ones + R"("}]})",
           "keys[0]: cannot build the");
    expect(R"({"keys":[{"kty":"EC","crv":"P-256","x":")" + ones + R"(","y":")" + zeros + R"("}]})",
           "keys[0]: x and y of a P-256 key");
    expect(R"({"keys":[{"kid":7,)" + good.substr(good.find(',') + 1) + "]}",
           "keys[0]: kid is not a string");
    std::string many = good;
    for (std::size_t i = 0; i < access_limits::jwks_keys_max; ++i) many += "," + good;
    expect(R"({"keys":[)" + many + "]}", "more than 64 keys");
    EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST_F(JwtTest, FilesThatOthersCanOpenAreRefused) {
    using std::filesystem::perms;
    const std::string text =
        "[jwt]\nalgorithms = [\"HS256\", \"RS256\"]\n"
        "secret_file = \"secret\"\njwks_file = \"jwks.json\"\n";
    for (const perms bad : {perms::others_read, perms::others_write, perms::others_exec}) {
        write_file("secret", std::string(secret), for_owner | bad);
        expect_refused(text, 3, "is a secret that other users can read");
    }
    write_file("secret", std::string(secret), for_owner | perms::group_read);
    EXPECT_TRUE(load(text));
    std::filesystem::permissions(path("jwks.json"), for_owner | perms::others_write);
    expect_refused(text, 4, "is writable by other users");
    std::filesystem::permissions(path("jwks.json"), for_owner | perms::others_read);
    EXPECT_TRUE(load(text));
}

TEST_F(JwtTest, FilesThatCannotBeUsedAreErrorsOfTheirLine) {
    const auto of_secret = [](const std::string& file) {
        return "[jwt]\nalgorithms = [\"HS256\"]\nsecret_file = \"" + file + "\"\n";
    };
    expect_refused(of_secret("nothing"), 3, "nothing: cannot be opened");
    std::filesystem::create_directory(path("directory"));
    expect_refused(of_secret("directory"), 3, "directory: is not a regular file");
    write_file("short", std::string(31, 'x') + "\n");
    expect_refused(of_secret("short"), 3, "use at least 32 bytes");
    write_file("long", std::string(access_limits::secret_bytes_max + 1, 'x'));
    expect_refused(of_secret("long"), 3, "exceeds 4096 bytes");
    EXPECT_TRUE(load(of_secret(path("secret")))) << "an absolute path";
}

TEST_F(JwtTest, InvalidConfigurationIsAnErrorWithItsLine) {
    expect_refused("jwt = 1", 1, "jwt must be a table; write [jwt]");
    expect_refused("[jwt]\nissuer = \"a\"", 1, "set algorithms");
    expect_refused("[jwt]\nalgorithms = []", 2, "at least one");
    expect_refused("[jwt]\nalgorithms = [\"none\"]", 2,
                   "'none' is not an algorithm; use HS256, RS256 or ES256");
    expect_refused("[jwt]\nalgorithms = [\"HS256\"]", 1, "HS256 needs a secret; set secret_file");
    expect_refused("[jwt]\nalgorithms = [\"ES256\"]", 1,
                   "RS256 and ES256 need public keys; set jwks_file");
    expect_refused(
        "[jwt]\nalgorithms = [\"RS256\"]\njwks_file = \"jwks.json\"\n"
        "secret_file = \"secret\"",
        4, "secret_file has no effect");
    expect_refused(
        "[jwt]\nalgorithms = [\"HS256\"]\njwks_file = \"jwks.json\"\n"
        "secret_file = \"secret\"",
        3, "jwks_file has no effect");
    expect_refused(std::string(with_all) + "leeway_s = 3601", 5, "leeway_s must be");
    expect_refused(std::string(with_all) + "audience = [\"a\"]", 5, "audience must be a string");
    expect_refused(std::string(with_all) + "keys = 1", 5, "'keys' is not an option of [jwt]");
}

}  // namespace
}  // namespace ringside::gateway
