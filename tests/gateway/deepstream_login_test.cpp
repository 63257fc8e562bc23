#include <sys/wait.h>

#include <cstdio>

#include "tests/gateway/deepstream_login.hpp"
#include "tests/gateway/signing_key.hpp"
#include "tools/gateway/deepstream/login/login_limits.hpp"
#include "tools/support/built_paths.hpp"

namespace ringside {
namespace {

using gateway::deepstream::auth_data_of_token;
namespace login_limits = gateway::deepstream::login_limits;
using std::filesystem::perms;

// The users file that deepstream ships, and one further user.
constexpr const char* md5_users = R"(# Username
userA:
  # Password hash
  password: "rCOSZxJrgze2AZdVQh12c6ErDMOG0M+Rx5Yu7S5d91c=GS4SbTQYmoaGwjm2shEobg=="
  serverData:
    someOptional: "auth-data"
    level: 3
  clientData:
    favouriteColor: "red"
userB:
  password: rCOSZxJrgze2AZdVQh12c6ErDMOG0M+Rx5Yu7S5d91c=GS4SbTQYmoaGwjm2shEobg==
)";
constexpr const char* md5_file = R"([[deepstream.auth]]
type = "file"
path = "users.yml"
hash = "md5"
iterations = 100
key_length = 32
)";
constexpr const char* plain_file = "[[deepstream.auth]]\ntype = \"file\"\npath = \"users.yml\"\n";
constexpr const char* missing =
    R"({"error":"missing authentication parameter: username or/and password"})";

class DeepstreamLogin : public testing::DeepstreamLoginTest {
protected:
    static std::string as(const std::string& user, const std::string& password) {
        return R"({"username":")" + user + R"(","password":")" + password + R"("})";
    }
};

TEST_F(DeepstreamLogin, AnyoneMayLogInWithoutConfiguration) {
    configure("");
    const Login login = log_in(R"({"username":"anna"})");
    EXPECT_TRUE(login.is_valid);
    EXPECT_EQ(login.id, "anna");
    EXPECT_TRUE(login.is_known());
    EXPECT_EQ(login.client_data, std::nullopt);
    EXPECT_EQ(login.server_data, std::nullopt);
    EXPECT_EQ(login.token, std::nullopt);
}

TEST_F(DeepstreamLogin, OpenMethodNamesAnonymousUsersOpen) {
    configure("[[deepstream.auth]]\ntype = \"none\"\n");
    for (const char* data : {"{}", R"({"username":""})", R"({"username":0})",
                             R"({"username":null})", R"({"username":{"a":1}})"}) {
        const Login login = log_in(data);
        EXPECT_TRUE(login.is_valid) << data;
        EXPECT_EQ(login.id, "open") << data;
        EXPECT_TRUE(login.is_known()) << data;
    }
    EXPECT_EQ(log_in(R"({"username":42})").id, "42");
    EXPECT_EQ(log_in(R"({"username":true})").id, "true");
}

TEST_F(DeepstreamLogin, DataThatAreNoObjectAreRefused) {
    configure("");
    for (const char* data : {"", "{", "[]", "null", "\"a\"", "1", R"({"username":"a"} x)"}) {
        EXPECT_FALSE(log_in(std::string(data)).is_valid) << data;
    }
}

TEST_F(DeepstreamLogin, DataAreLimited) {
    configure("");
    const auto padded = [](std::size_t bytes) {
        const std::string begins = R"({"a":")";
        return begins + std::string(bytes - begins.size() - 2, 'x') + "\"}";
    };
    EXPECT_TRUE(log_in(padded(login_limits::auth_data_bytes_max)).is_valid);
    EXPECT_FALSE(log_in(padded(login_limits::auth_data_bytes_max + 1)).is_valid);
}

TEST_F(DeepstreamLogin, IdsAreLimited) {
    configure("");
    const std::string longest(login_limits::id_bytes_max, 'a');
    EXPECT_EQ(log_in(R"({"username":")" + longest + "\"}").id, longest);
    const Login refused = log_in(R"({"username":")" + longest + "a\"}");
    EXPECT_FALSE(refused.is_valid);
    EXPECT_EQ(refused.id, "");
}

TEST_F(DeepstreamLogin, UsersFileOfDeepstreamIsAcceptedUnchanged) {
    write_file("users.yml", md5_users);
    configure(md5_file);
    const Login login = log_in(as("userA", "password"));
    EXPECT_TRUE(login.is_valid);
    EXPECT_EQ(login.id, "userA");
    EXPECT_EQ(login.client_data, R"({"favouriteColor":"red"})");
    EXPECT_EQ(login.server_data, R"({"level":3,"someOptional":"auth-data"})");
    const Login other = log_in(as("userB", "password"));
    EXPECT_TRUE(other.is_valid);
    EXPECT_EQ(other.client_data, std::nullopt);
    EXPECT_EQ(other.server_data, std::nullopt);
}

TEST_F(DeepstreamLogin, AWrongPasswordOrUserIsRefused) {
    write_file("users.yml", md5_users);
    configure(md5_file);
    for (const auto& data : {as("userA", "Password"), as("userA", ""), as("userC", "password"),
                             as("userA", "password "), as("", "")}) {
        const Login login = log_in(data);
        EXPECT_FALSE(login.is_valid) << data;
        EXPECT_EQ(login.client_data, std::nullopt) << data;
    }
}

TEST_F(DeepstreamLogin, MissingUsernameOrPasswordIsReportedToTheClient) {
    write_file("users.yml", md5_users);
    configure(md5_file);
    for (const char* data :
         {"{}", R"({"username":"userA"})", R"({"password":"password"})",
          R"({"username":1,"password":"password"})", R"({"username":"userA","password":null})"}) {
        const Login login = log_in(data);
        EXPECT_FALSE(login.is_valid) << data;
        EXPECT_EQ(login.client_data, missing) << data;
    }
}

TEST_F(DeepstreamLogin, HashesOfOtherAlgorithmsAreThoseOfDeepstream) {
    struct Case {
        const char* options;
        const char* kept;
        const char* password;
    };
    // As computed by Node's crypto.pbkdf2.
    const Case cases[] = {
        {"hash = \"sha512\"\niterations = 1000\nkey_length = 64\n",
         "N9vfqJ9T28F9/d752ZSrpzcTVYa1MxuP2AbnfkvHMYbKNrkcvMVO6/enLs4D/AUQweZMZYfEV1VfthPN8qrQ4g=="
         "c2FsdHNhbHRzYWx0c2FsdA==",
         "pässwörd"},
        {"hash = \"RSA-SHA256\"\niterations = 5000\nkey_length = 20\n",
         "tEjoB3MKH0rxueiAE0DeaJ9weW0=QUJDREVGR0hJSktMTU5PUA==", "secret"},
        {"hash = \"sha1\"\niterations = 1\nkey_length = 1\n", "hQ==QUJDREVGR0hJSktMTU5PUA==", ""}};
    for (const Case& each : cases) {
        write_file("users.json", std::string(R"({"anna":{"password":")") + each.kept +
                                     R"(","clientData":[1,null,"x"],"serverData":null}})");
        configure("[[deepstream.auth]]\ntype = \"file\"\npath = \"users.json\"\n" +
                  std::string(each.options));
        const Login login = log_in(as("anna", each.password));
        EXPECT_TRUE(login.is_valid) << each.options;
        EXPECT_EQ(login.client_data, R"([1,null,"x"])");
        EXPECT_EQ(login.server_data, std::nullopt);
        EXPECT_FALSE(log_in(as("anna", std::string(each.password) + "x")).is_valid);
    }
}

TEST_F(DeepstreamLogin, PlainTextPasswordsAreComparedDirectly) {
    write_file("users.yml", "anna:\n  password: 'a b'\n\"b c\": {password: \"\"}\n");
    configure(plain_file);
    EXPECT_TRUE(log_in(as("anna", "a b")).is_valid);
    EXPECT_FALSE(log_in(as("anna", "a")).is_valid);
    EXPECT_FALSE(log_in(as("anna", "a bc")).is_valid);
    EXPECT_TRUE(log_in(as("b c", "")).is_valid);
}

TEST_F(DeepstreamLogin, YamlIsReadWithItsCoreSchema) {
    write_file("users.yml", R"(
123:
  password: &word secret
  serverData: {a: null, b: ~, c: True, d: "true", e: -7, f: 0x1F, g: 1.5e1, h: 2fa,
               i: [x, 'y', ""], j: 2011-01-01, k: !!str 5, l: *word, m: 18446744073709551616, n: +5}
  clientData: text
)");
    configure(plain_file);
    const Login login = log_in(as("123", "secret"));
    EXPECT_TRUE(login.is_valid);
    EXPECT_EQ(login.client_data, "\"text\"");
    EXPECT_EQ(login.server_data,
              R"({"a":null,"b":null,"c":true,"d":"true","e":-7,"f":31,"g":15.0,"h":"2fa",)"
              R"("i":["x","y",""],"j":"2011-01-01","k":"5","l":"secret",)"
              R"("m":18446744073709551616.0,"n":5})");
}

TEST_F(DeepstreamLogin, InvalidUsersFileIsRefused) {
    struct Case {
        const char* name;
        const char* content;
        const char* where;
        const char* why;
    };
    const Case cases[] = {
        {"users.yml", "a:\n  password: x\nb:\n  clientData: {}\n", "users.yml:3: user 'b'",
         "password is missing"},
        {"users.yml", "a:\n  password: 1234\n", "users.yml:1: user 'a'", "in quotes"},
        {"users.yml", "a: x\n", "users.yml:1: user 'a'", "password is missing"},
        {"users.yml", "\n\na:\n  password: [\n", "users.yml:5: ", ""},
        {"users.yml", "a: {password: x}\n\na: {password: y}\n", "users.yml:1: ", "key"},
        {"users.yml", "a: {password: !secret x}\n", "users.yml:1: ", "tag"},
        {"users.yml", "a: &a {password: x}\nb:\n  <<: *a\n", "users.yml:3: ", "'<<'"},
        {"users.yml", "a: {password: x, serverData: {b: .5, [c]: 1}}\n", "users.yml:1: ", "key"},
        {"users.yml", "a: {password: x}\n---\nb: {password: x}\n",
         "users.yml:1: ", "single YAML document"},
        {"users.yml", "a: &a [*a]\n", "users.yml:1: ", ""},
        {"users.yml", "- a\n", "users.yml: ", "no users"},
        {"users.yml", "", "users.yml", ""},
        {"users.yml", "{}\n", "users.yml: ", "no users"},
        {"users.yml", "'': {password: x}\n", "users.yml:1: ", "1 to 127 bytes"},
        {"users.json", "{\"a\":{\"password\":\"x\"}", "users.json: ", "JSON"},
        {"users.json", R"({"a":{"password":1}})", "users.json: user 'a'", "not a string"},
        {"users.json", "[]", "users.json: ", "no users"},
        {"users.js", "{}", "users.js: ", ".yml, .yaml or .json"}};
    for (const Case& each : cases) {
        SCOPED_TRACE(each.content);
        write_file(each.name, each.content);
        expect_bad(
            "[[deepstream.auth]]\ntype = \"file\"\npath = \"" + std::string(each.name) + "\"\n",
            each.where, each.why);
    }
}

TEST_F(DeepstreamLogin, NestingIsLimited) {
    write_file("users.yml", "a: {password: x, serverData: " + std::string(100'000, '[') + "}");
    expect_bad(plain_file, "users.yml:1: ", "");
    const auto nested = [](std::size_t depth) {
        return "a: {password: x, serverData: " + std::string(depth, '[') + std::string(depth, ']') +
               "}";
    };
    write_file("users.yml", nested(limits::depth_max - 2));
    configure(plain_file);
    write_file("users.yml", nested(limits::depth_max - 1));
    expect_bad(plain_file, "users.yml:1: ", "too deep");
}

TEST_F(DeepstreamLogin, AnchorsThatMultiplyAreRefused) {
    std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 12; ++i) {
        const std::string below = "*a" + std::to_string(i - 1);
        text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
        for (int n = 0; n < 10; ++n) text += (n == 0 ? "" : ", ") + below;
        text += "]\n";
    }
    write_file("users.yml", text);
    expect_bad(plain_file, "users.yml:", "too large");
}

TEST_F(DeepstreamLogin, PasswordsThatTheHashCannotHaveMadeAreRefused) {
    write_file("users.yml", "a:\n  password: \"plain\"\n");
    expect_bad(md5_file, "users.yml:1: user 'a'", "make-hash");
    // A key of another length.
    write_file("users.yml",
               "a:\n  password: tEjoB3MKH0rxueiAE0DeaJ9weW0=QUJDREVGR0hJSktMTU5PUA==\n");
    expect_bad(md5_file, "users.yml:1: user 'a'", "make-hash");
}

TEST_F(DeepstreamLogin, UsersFilesAreGuarded) {
    write_file("users.yml", "a: {password: x}\n", perms::owner_read | perms::others_read);
    expect_bad(plain_file, "users.yml", "other users can read");
    write_file("users.yml", md5_users, perms::owner_read | perms::others_read);
    configure(md5_file);
    write_file("users.yml", md5_users, perms::owner_read | perms::others_write);
    expect_bad(md5_file, "users.yml", "writable by other users");
    expect_bad("[[deepstream.auth]]\ntype = \"file\"\npath = \"none.yml\"\n", "none.yml",
               "cannot be opened");
}

TEST_F(DeepstreamLogin, UsersFilesAreLimited) {
    std::string text = "a: {password: x}\n#";
    text.resize(login_limits::users_file_bytes_max, '#');
    write_file("users.yml", text);
    configure(plain_file);
    write_file("users.yml", text + "#");
    expect_bad(plain_file, "users.yml", "exceeds");
}

TEST_F(DeepstreamLogin, PasswordsThatWaitAreLimited) {
    write_file("users.yml", md5_users);
    configure(md5_file);
    std::vector<std::shared_ptr<std::optional<Login>>> outcomes;
    for (std::size_t i = 0; i <= login_limits::hashes_waiting_max; ++i) {
        outcomes.push_back(begin({.auth_data = as("userA", "password")}));
    }
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        run_until([&] { return outcomes[i]->has_value(); });
        EXPECT_EQ((*outcomes[i])->is_valid, i < login_limits::hashes_waiting_max) << i;
    }
    EXPECT_TRUE(log_in(as("userA", "password")).is_valid);
}

TEST_F(DeepstreamLogin, ALoginUnderWayOutlivesItsConfiguration) {
    write_file("users.yml", md5_users);
    configure(md5_file);
    const auto outcome = begin({.auth_data = as("userA", "password")});
    logins_.reset();
    run_until([&] { return outcome->has_value(); });
    EXPECT_TRUE((*outcome)->is_valid);
}

TEST_F(DeepstreamLogin, MethodsAreAskedInTheirOrder) {
    write_file("users.yml", "anna:\n  password: x\n  serverData: 1\n");
    write_file("more.yml", "anna: {password: y}\nbert: {password: z}\n");
    configure(std::string(plain_file) +
              "[[deepstream.auth]]\ntype = \"file\"\npath = \"more.yml\"\n");
    EXPECT_EQ(log_in(as("anna", "x")).server_data, "1");
    const Login second = log_in(as("anna", "y"));
    EXPECT_TRUE(second.is_valid);
    EXPECT_EQ(second.server_data, std::nullopt);
    EXPECT_TRUE(log_in(as("bert", "z")).is_valid);
    const Login none = log_in("{}");
    EXPECT_FALSE(none.is_valid);
    EXPECT_EQ(none.client_data, std::nullopt);
}

TEST_F(DeepstreamLogin, AMethodThatReportsInvalidParametersIsTheLastWord) {
    write_file("users.yml", "anna: {password: x}\n");
    configure(std::string(plain_file) + "report_invalid_parameters = true\n" +
              "[[deepstream.auth]]\ntype = \"open\"\n");
    EXPECT_EQ(log_in("{}").client_data, missing);
    EXPECT_FALSE(log_in(as("anna", "y")).is_valid);
    // A user who is not in the file is left to other methods.
    EXPECT_TRUE(log_in(as("bert", "y")).is_valid);
    configure(std::string(plain_file) + "report_invalid_parameters = false\n");
    const Login login = log_in("{}");
    EXPECT_FALSE(login.is_valid);
    EXPECT_EQ(login.client_data, std::nullopt);
}

TEST_F(DeepstreamLogin, AnApiKeyIsAToken) {
    configure("[[api_key]]\nuser = \"seatmap\"\nhash = \"" + gateway::api_key_hash("the-key") +
              "\"\nclaims = { tenant = \"arena\", level = 3 }\n"
              "[[deepstream.auth]]\ntype = \"token\"\n");
    const Login login = log_in(auth_data_of_token("the-key"));
    EXPECT_TRUE(login.is_valid);
    EXPECT_EQ(login.id, "seatmap");
    EXPECT_EQ(login.server_data, R"({"level":"3","tenant":"arena"})");
    for (const std::string& data :
         {auth_data_of_token("another"), auth_data_of_token(""), std::string("{}"),
          std::string(R"({"token":1})"), auth_data_of_token(std::string(10'000, 'x'))}) {
        EXPECT_FALSE(log_in(data).is_valid) << data;
    }
}

TEST_F(DeepstreamLogin, ATokenIsNeededWhereAnonymousRequestsAreServed) {
    configure("[access]\nallow_anonymous = true\n[[api_key]]\nuser = \"a\"\nhash = \"" +
              gateway::api_key_hash("the-key") + "\"\n[[deepstream.auth]]\ntype = \"token\"\n");
    EXPECT_FALSE(log_in("{}").is_valid);
    EXPECT_FALSE(log_in(auth_data_of_token("")).is_valid);
    EXPECT_TRUE(log_in(auth_data_of_token("the-key")).is_valid);
}

TEST_F(DeepstreamLogin, AJsonWebTokenIsAToken) {
    const std::string secret = "0123456789abcdef0123456789abcdef";
    write_file("secret", secret);
    configure(
        "[jwt]\nalgorithms = [\"HS256\"]\nsecret_file = \"secret\"\n"
        "[[deepstream.auth]]\ntype = \"token\"\n[[deepstream.auth]]\ntype = \"open\"\n");
    const auto token = testing::SigningKey::secret(secret).sign(
        R"({"alg":"HS256","typ":"JWT"})", R"({"sub":"anna","tenant":"x","exp":9999999999})");
    const Login login = log_in(auth_data_of_token(token));
    EXPECT_TRUE(login.is_valid);
    EXPECT_EQ(login.id, "anna");
    ASSERT_TRUE(login.server_data);
    EXPECT_NE(login.server_data->find(R"("tenant":"x")"), std::string::npos);
    EXPECT_EQ(log_in(auth_data_of_token(token + "x")).id, "open");
}

TEST_F(DeepstreamLogin, InvalidConfigurationIsRefused) {
    write_file("users.yml", md5_users);
    const std::string file = "[[deepstream.auth]]\ntype = \"file\"\npath = \"users.yml\"\n";
    const auto at = [](int line) { return "gateway.toml:" + std::to_string(line) + ": "; };
    expect_bad("[deepstream]\nauth = []\n", at(2), "empty");
    expect_bad("[deepstream]\nauth = 1\n", at(2), "[[auth]]");
    expect_bad("[deepstream]\nauth = [1]\n", at(2), "[[auth]]");
    expect_bad("[[deepstream.auth]]\n", at(1), "type must be");
    expect_bad("[[deepstream.auth]]\ntype = \"storage\"\n", at(1), "type must be");
    expect_bad("[[deepstream.auth]]\ntype = \"open\"\nx = 1\n", at(3), "'x' is not an option of");
    expect_bad("[[deepstream.auth]]\ntype = \"token\"\n", at(1), "[[api_key]]");
    expect_bad("[[deepstream.auth]]\ntype = \"file\"\n", at(1), "set path");
    expect_bad(file + "hash = \"md5\"\n", at(1), "must be set together");
    expect_bad(file + "iterations = 1\n", at(1), "must be set together");
    const auto hash = [&](const std::string& algorithm, std::int64_t iterations,
                          std::int64_t length) {
        return file + "hash = \"" + algorithm + "\"\niterations = " + std::to_string(iterations) +
               "\nkey_length = " + std::to_string(length) + "\n";
    };
    expect_bad(hash("none", 1, 32), at(4), "not a hash");
    expect_bad(hash("shake128", 1, 32), at(4), "not a hash");
    expect_bad(hash("md5", 0, 32), at(5), "1 to 10000000");
    expect_bad(hash("md5", login_limits::iterations_max + 1, 32), at(5), "1 to 10000000");
    expect_bad(hash("md5", 1, 0), at(6), "1 to 1024");
    expect_bad(hash("md5", 1, login_limits::key_length_max + 1), at(6), "1 to 1024");
    std::string methods;
    for (std::size_t i = 0; i < login_limits::methods_max; ++i) {
        methods += "[[deepstream.auth]]\ntype = \"open\"\n";
    }
    configure(methods);
    expect_bad(methods + "[[deepstream.auth]]\ntype = \"open\"\n", at(1), "more than 16");
}

/// Captures the standard output of a command.
struct Printed {
    int status = 0;
    std::string text;
};
Printed run(const std::string& command) {
    Printed printed;
    FILE* const pipe = popen(command.c_str(), "r");
    if (pipe == nullptr) throw std::runtime_error("popen");
    char buffer[1024];
    while (const std::size_t count = fread(buffer, 1, sizeof buffer, pipe)) {
        printed.text.append(buffer, count);
    }
    printed.status = WEXITSTATUS(pclose(pipe));
    return printed;
}

TEST_F(DeepstreamLogin, OutputOfMakeHashFitsAUsersFile) {
    const std::string program = std::string(built::gateway) + " make-hash --iterations 100 2>&1";
    const Printed printed = run("printf 'the secret\\n' | " + program);
    ASSERT_EQ(printed.status, 0) << printed.text;
    write_file("users.yml", printed.text);
    const std::string line = printed.text.substr(0, printed.text.find('\n'));
    EXPECT_EQ(line,
              "# For [[deepstream.auth]]: type = \"file\", hash = \"sha512\", "
              "iterations = 100, key_length = 64");
    configure(
        "[[deepstream.auth]]\ntype = \"file\"\npath = \"users.yml\"\n"
        "hash = \"sha512\"\niterations = 100\nkey_length = 64\n");
    EXPECT_TRUE(log_in(as("username", "the secret")).is_valid);
    EXPECT_FALSE(log_in(as("username", "the secret ")).is_valid);
    EXPECT_NE(run("printf 'the secret' | " + program).text, printed.text) << "a salt of its own";
}

TEST_F(DeepstreamLogin, MakeHashReportsInvalidOptions) {
    const Printed empty = run("printf '' | " + std::string(built::gateway) + " make-hash 2>&1");
    EXPECT_EQ(empty.status, 2);
    EXPECT_NE(empty.text.find("no password"), std::string::npos) << empty.text;
    const Printed unknown =
        run("echo x | " + std::string(built::gateway) + " make-hash --hash abc 2>&1");
    EXPECT_EQ(unknown.status, 2);
    EXPECT_NE(unknown.text.find("'abc' is not a hash"), std::string::npos) << unknown.text;
}

}  // namespace
}  // namespace ringside
