#include "tools/gateway/deepstream/login/login_throttle.hpp"

#include <gtest/gtest.h>

#include "tests/gateway/deepstream_login.hpp"
#include "tests/gateway/gateway_test.hpp"
#include "tools/gateway/deepstream/login/login_desk.hpp"

namespace ringside::gateway::deepstream {
namespace {

using namespace std::chrono_literals;
using Verdict = LoginThrottle::Verdict;

class LoginThrottleTest : public ::testing::Test {
protected:
    void fail(const std::string& address, const std::string& user, int times) {
        for (int i = 0; i < times; ++i) throttle_.on_failure(address, user, now_);
    }
    [[nodiscard]] Verdict verdict(const std::string& address, const std::string& user) const {
        return throttle_.verdict(address, user, now_);
    }

    LoginThrottle throttle_{LoginLimits()};
    std::chrono::steady_clock::time_point now_{1h};
};

TEST_F(LoginThrottleTest, UserWithManyFailuresIsRefusedUntilTheyAreForgotten) {
    fail("1.1.1.1", "alice", 19);
    EXPECT_EQ(verdict("1.1.1.1", "alice"), Verdict::decide);
    fail("1.1.1.1", "alice", 1);
    EXPECT_EQ(verdict("1.1.1.1", "alice"), Verdict::refuse);
    EXPECT_EQ(verdict("1.1.1.1", "bob"), Verdict::decide) << "others at the address";
    EXPECT_EQ(verdict("2.2.2.2", "alice"), Verdict::decide) << "the user elsewhere";
    now_ += 1s;
    EXPECT_EQ(verdict("1.1.1.1", "alice"), Verdict::decide) << "one more try";
}

TEST_F(LoginThrottleTest, RefusesAUserWhoIsGuessedFromManyAddresses) {
    for (int address = 0; address < 20; ++address) fail(std::to_string(address), "alice", 10);
    EXPECT_EQ(verdict("2.2.2.2", "alice"), Verdict::refuse);
    EXPECT_EQ(verdict("2.2.2.2", "bob"), Verdict::decide);
}

TEST_F(LoginThrottleTest, DecidesLateForAnAddressThatGuessesManyUsers) {
    for (int user = 0; user < 60; ++user) fail("1.1.1.1", std::to_string(user), 1);
    EXPECT_EQ(verdict("1.1.1.1", "alice"), Verdict::decide_late);
    EXPECT_EQ(verdict("2.2.2.2", "alice"), Verdict::decide);
}

TEST_F(LoginThrottleTest, ForgetsNamesThatNobodyUses) {
    FailureCounts counts({.burst = 2, .forgotten_per_minute = 60});
    for (std::size_t i = 0; i < FailureCounts::names_max; ++i) counts.add(std::to_string(i), now_);
    EXPECT_EQ(counts.size(), FailureCounts::names_max);
    now_ += 10s;
    counts.add("another", now_);
    EXPECT_EQ(counts.size(), 1U);
}

class LoginDeskTest : public testing::DeepstreamLoginTest {
protected:
    std::shared_ptr<std::optional<Login>> begin_at_desk(const std::string& user,
                                                        const std::string& password) {
        auto outcome = std::make_shared<std::optional<Login>>();
        LoginRequest request{
            .auth_data = R"({"username":")" + user + R"(","password":")" + password + R"("})",
            .remote_address = "1.1.1.1"};
        boost::asio::co_spawn(loop_, desk_.log_in(logins_, std::move(request)),
                              [outcome](const std::exception_ptr& thrown, Login login) {
                                  if (thrown) std::rethrow_exception(thrown);
                                  *outcome = std::move(login);
                              });
        return outcome;
    }

    LoginDesk desk_{loop_.get_executor()};
};

TEST_F(LoginDeskTest, ManyWrongPasswordsAtOnceAreRefusedUnseenBeyondTheFirst) {
    write_file("users.yml", "alice:\n  password: right\nbob:\n  password: good\n");
    configure("[[deepstream.auth]]\ntype = \"file\"\npath = \"users.yml\"\n");
    std::vector<std::shared_ptr<std::optional<Login>>> wrong;
    for (int i = 0; i < 100; ++i) wrong.push_back(begin_at_desk("alice", "wrong"));
    const auto good = begin_at_desk("bob", "good");
    run_until([&] { return good->has_value(); });
    EXPECT_TRUE((*good)->is_valid);
    EXPECT_GT(desk_.slowed(), 0U);
    run_until([&] {
        return std::all_of(wrong.begin(), wrong.end(),
                           [](const auto& outcome) { return outcome->has_value(); });
    });
    for (const auto& outcome : wrong) EXPECT_FALSE((*outcome)->is_valid);
    EXPECT_EQ(desk_.under_way(), 0U);
}

}  // namespace
}  // namespace ringside::gateway::deepstream
