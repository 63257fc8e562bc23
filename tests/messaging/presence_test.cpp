#include <gtest/gtest.h>

#include "tests/support/child.hpp"
#include "tests/support/messaging_test.hpp"

namespace ringside {
namespace {

using testing::Child;
using testing::eventually;

/// A session that declares other users as present, in addition to its own user.
class PresenceTest : public testing::MessagingTest {
protected:
    [[nodiscard]] bool is_there(const std::string& user) const {
        return client_.get("$sys/presence/" + user).has_value();
    }
    [[nodiscard]] bool becomes(const std::string& user, bool there) const {
        return eventually([&] { return is_there(user) == there; });
    }
    [[nodiscard]] std::size_t sessions_of(const std::string& user) const {
        const auto record = client_.get("$sys/presence/" + user);
        return record ? record->document()["sessions"].size() : 0;
    }
    /// Returns when all earlier declarations have been read.
    void settle() {
        const Listener listener = client_.listen("settled").value();
        client_.put("settled", "1").value();
    }
};

TEST_F(PresenceTest, PresenceLastsUntilTheLastDeclaration) {
    auto first = std::make_unique<Presence>(client_.announce_presence("alice").value());
    EXPECT_TRUE(becomes("alice", true));
    auto second = std::make_unique<Presence>(client_.announce_presence("alice").value());
    first.reset();
    settle();
    EXPECT_TRUE(is_there("alice"));
    {
        const Client other = Client::attach({.grid = grid_.name(), .user = "alice"}).value();
        EXPECT_TRUE(eventually([&] { return sessions_of("alice") == 2; }));
        second.reset();
        EXPECT_TRUE(eventually([&] { return sessions_of("alice") == 1; }));
        const Presence also = other.announce_presence("alice").value();
    }
    EXPECT_TRUE(becomes("alice", false));
}

TEST_F(PresenceTest, InvalidUsersAreRefused) {
    for (const std::string& user : {std::string(), std::string("a/b"), std::string("a*"),
                                    std::string(limits::user_bytes_max, 'u')}) {
        EXPECT_EQ(client_.announce_presence(user).error(), Errc::bad_user) << user;
    }
    const Presence longest =
        client_.announce_presence(std::string(limits::user_bytes_max - 1, 'u')).value();
    EXPECT_TRUE(becomes(std::string(limits::user_bytes_max - 1, 'u'), true));
}

TEST_F(PresenceTest, EndsWithItsProcess) {
    Child child([this] {
        const Client client = attach();
        const Presence alice = client.announce_presence("alice").value();
        const Presence bob = client.announce_presence("bob").value();
        for (;;) pause();
    });
    const Presence alice = client_.announce_presence("alice").value();
    EXPECT_TRUE(becomes("bob", true));
    EXPECT_TRUE(eventually([&] { return sessions_of("alice") == 2; }));
    child.signal(SIGKILL);
    EXPECT_TRUE(becomes("bob", false));
    EXPECT_TRUE(eventually([&] { return sessions_of("alice") == 1; }));
}

TEST_F(PresenceTest, PresenceIsDeclaredAgainWhenTheGridIsRecreated) {
    Presence alice = client_.announce_presence("alice").value();
    grid_.stop();
    grid_.start();
    alice.renew().value();
    EXPECT_TRUE(becomes("alice", true));
}

TEST_F(PresenceTest, TakeOverDoesNotChangePresence) {
    const Client client = Client::attach({.grid = grid_.name(), .user = "carol"}).value();
    const Presence alice = client_.announce_presence("alice").value();
    auto bob = std::make_unique<Presence>(client_.announce_presence("bob").value());
    Child child([this] {
        const Client other = attach();
        const Presence dave = other.announce_presence("dave").value();
        for (;;) pause();
    });
    for (const char* user : {"alice", "bob", "carol", "dave"}) EXPECT_TRUE(becomes(user, true));
    Watch watch = client_.watch("$sys/presence/*", {.mode = WatchMode::every}).value();
    grid_.kill_broker();
    bob.reset();
    child.signal(SIGKILL);
    EXPECT_FALSE(child.join());
    grid_.start();
    EXPECT_TRUE(eventually([&] {
        static_cast<void>(client_.is_connected());  // finds the new broker
        static_cast<void>(client.is_connected());
        return !is_there("bob") && !is_there("dave");
    }));
    settle();
    EXPECT_TRUE(is_there("alice"));
    EXPECT_TRUE(is_there("carol"));
    const std::string told = drain(watch);
    EXPECT_EQ(told.find("alice"), std::string::npos) << told;
    EXPECT_EQ(told.find("carol"), std::string::npos) << told;
}

}  // namespace
}  // namespace ringside
