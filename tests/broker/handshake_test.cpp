#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <filesystem>
#include <list>
#include <optional>

#include "shm/document/json.hpp"
#include "shm/lane/byte_ring.hpp"
#include "tests/support/engine_harness.hpp"
#include "tests/support/raw_client.hpp"
#include "tests/support/test_grid.hpp"

/// The handshake over the socket of a real broker, including clients that send nothing, invalid
/// messages or too much.
namespace ringside::broker {
namespace {

using testing::eventually;
using testing::LaneClient;
using testing::never;
using testing::RawClient;
using testing::soon;
using testing::TestGrid;

std::uint64_t sessions_open(const shm::Segment& segment) {
    return segment.header().counters.sessions_open.load();
}

/// Returns whether a session of this raw client is served in its lane 0.
bool is_served(RawClient& client) {
    LaneClient lane(client.memory(), 0);
    client.memory().control().lanes_open = 1;
    if (!lane.put("a", "1")) return false;
    client.ring();
    return eventually([&] { return lane.take().has_value(); });
}

TEST(Handshake, ClientIsWelcomedWithItsMemoryAndDoorbell) {
    TestGrid grid;
    const auto segment = shm::Segment::open(grid.name()).value();
    RawClient client(grid.name());
    ASSERT_TRUE(client.attach());
    EXPECT_EQ(client.welcome.role, static_cast<std::uint16_t>(shm::Role::admin));
    EXPECT_EQ(client.welcome.boot_id, segment.view().identity().boot_id);
    const shm::SessionControl& control = client.memory().control();
    EXPECT_EQ(control.magic, shm::session_magic);
    EXPECT_EQ(control.session, client.welcome.session);
    EXPECT_EQ(control.session_index, client.welcome.session_index);
    const auto& entry = segment.view().session(client.welcome.session_index);
    EXPECT_EQ(entry.id.load(), client.welcome.session);
    EXPECT_EQ(entry.pid.load(), static_cast<std::uint32_t>(getpid()));
    EXPECT_STREQ(entry.name.data(), "raw");
    EXPECT_TRUE(is_served(client));
}

TEST(Handshake, MemoryOfASessionCannotBeResized) {
    TestGrid grid;
    RawClient client(grid.name());
    ASSERT_TRUE(client.attach());
    const int memory = client.memory_descriptor.get();
    EXPECT_NE(ftruncate(memory, 4096), 0);
    EXPECT_NE(ftruncate(memory, static_cast<off_t>(2 * shm::session_memory_bytes)), 0);
    EXPECT_NE(fcntl(memory, F_ADD_SEALS, F_SEAL_WRITE), 0);
    struct stat size {};
    ASSERT_EQ(fstat(memory, &size), 0);
    EXPECT_EQ(static_cast<std::uint64_t>(size.st_size), shm::session_memory_bytes);
}

TEST(Handshake, AnotherLayoutIsRefused) {
    TestGrid grid;
    shm::Hello older = RawClient::hello();
    ++older.layout;
    shm::Hello other = RawClient::hello();
    ++other.fingerprint;
    for (const shm::Hello& hello : {older, other}) {
        RawClient client(grid.name());
        ASSERT_TRUE(client.say(hello));
        const auto answer = client.receive<shm::Welcome>();
        ASSERT_TRUE(answer);
        EXPECT_EQ(static_cast<Errc>(answer->error), Errc::layout_mismatch);
        EXPECT_FALSE(client.memory_descriptor.is_open());
        EXPECT_TRUE(client.is_closed_within(soon));
    }
}

TEST(Handshake, InvalidGreetingsAreRefused) {
    TestGrid grid;
    shm::Hello wrong = RawClient::hello();
    wrong.magic = 1;
    const std::string longer(sizeof wrong + 1, 'x');
    const std::string longest(100'000, 'x');
    const struct {
        const void* bytes;
        std::size_t size;
    } greetings[] = {{&wrong, sizeof wrong},
                     {&wrong, 1},
                     {&wrong, sizeof wrong - 1},
                     {longer.data(), longer.size()},
                     {longest.data(), longest.size()}};
    for (const auto& greeting : greetings) {
        RawClient client(grid.name());
        ASSERT_TRUE(client.send(greeting.bytes, greeting.size));
        const auto answer = client.receive<shm::Welcome>();
        ASSERT_TRUE(answer) << greeting.size;
        EXPECT_EQ(static_cast<Errc>(answer->error), Errc::bad_request);
        EXPECT_TRUE(client.is_closed_within(soon));
    }
    RawClient honest(grid.name());
    EXPECT_TRUE(honest.attach());
}

TEST(Handshake, PeerThatSaysNothingHoldsUpNobody) {
    TestGrid grid({"--memory", "64MiB", "--greeting-timeout-ms", std::to_string(never.count())});
    const RawClient silent(grid.name());
    ASSERT_TRUE(silent.is_connected());
    RawClient honest(grid.name());
    ASSERT_TRUE(honest.attach());
    EXPECT_TRUE(is_served(honest));
    EXPECT_FALSE(silent.is_closed()) << "it has time until its deadline";
}

TEST(Handshake, PeerThatSaysNothingIsClosedAtItsDeadline) {
    TestGrid grid({"--memory", "64MiB", "--greeting-timeout-ms", "200"});
    // An honest client that is scheduled late can also miss the deadline.
    std::optional<RawClient> honest;
    ASSERT_TRUE(eventually([&] { return honest.emplace(grid.name()).attach(); }));
    const RawClient silent(grid.name());
    ASSERT_TRUE(silent.is_connected());
    EXPECT_TRUE(silent.is_closed_within(soon));
    EXPECT_FALSE(honest->is_closed())
        << "its own deadline, an earlier one, ended with the greeting";
    EXPECT_TRUE(is_served(*honest));
}

TEST(Handshake, SessionEndsWithItsConnection) {
    TestGrid grid;
    const auto segment = shm::Segment::open(grid.name()).value();
    RawClient stays(grid.name());
    ASSERT_TRUE(stays.attach());
    {
        RawClient goes(grid.name());
        ASSERT_TRUE(goes.attach());
        EXPECT_EQ(sessions_open(segment), 2U);
    }
    EXPECT_TRUE(eventually([&] { return sessions_open(segment) == 1; }));
    EXPECT_TRUE(is_served(stays));
}

TEST(Handshake, SecondGreetingClosesTheSession) {
    TestGrid grid;
    const auto segment = shm::Segment::open(grid.name()).value();
    RawClient client(grid.name());
    ASSERT_TRUE(client.attach());
    ASSERT_TRUE(client.say(RawClient::hello()));
    const auto goodbye = client.receive<shm::Goodbye>();
    ASSERT_TRUE(goodbye);
    EXPECT_EQ(static_cast<Errc>(goodbye->error), Errc::session_closed);
    EXPECT_STRNE(goodbye->detail.data(), "");
    EXPECT_TRUE(client.is_closed_within(soon));
    EXPECT_TRUE(eventually([&] { return sessions_open(segment) == 0; }));
}

TEST(Handshake, SessionThatBreaksTheProtocolGetsTheReasonAndOthersAreUnaffected) {
    TestGrid grid;
    const auto segment = shm::Segment::open(grid.name()).value();
    RawClient honest(grid.name());
    ASSERT_TRUE(honest.attach());
    RawClient hostile(grid.name());
    ASSERT_TRUE(hostile.attach());
    LaneClient lane(hostile.memory(), 0);
    hostile.memory().control().lanes_open = 1;
    ASSERT_TRUE(lane.send_bytes(Bytes(64, 0xff)));
    hostile.ring();
    const auto goodbye = hostile.receive<shm::Goodbye>();
    ASSERT_TRUE(goodbye);
    EXPECT_EQ(static_cast<Errc>(goodbye->error), Errc::session_closed);
    EXPECT_STRNE(goodbye->detail.data(), "");
    EXPECT_TRUE(hostile.is_closed_within(soon));
    EXPECT_EQ(segment.view().session(hostile.welcome.session_index).id.load(), 0U);
    EXPECT_TRUE(is_served(honest));
}

TEST(Handshake, SessionsAreLimitedAndComeFreeAgain) {
    TestGrid grid({"--memory", "64MiB", "--sessions-max", "3"});
    std::list<RawClient> clients;
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(clients.emplace_back(grid.name()).attach());
    }
    RawClient too_many(grid.name());
    ASSERT_TRUE(too_many.say(RawClient::hello()));
    const auto answer = too_many.receive<shm::Welcome>();
    ASSERT_TRUE(answer);
    EXPECT_EQ(static_cast<Errc>(answer->error), Errc::session_limit);
    clients.pop_front();
    EXPECT_TRUE(eventually([&] { return RawClient(grid.name()).attach(); }));
    EXPECT_TRUE(is_served(clients.back()));
}

TEST(Handshake, BrokerWithoutDescriptorsServesOnAndAcceptsAgainLater) {
    TestGrid grid;
    RawClient honest(grid.name());
    ASSERT_TRUE(honest.attach());
    const rlimit few{40, 40};
    ASSERT_EQ(prlimit(grid.broker(), RLIMIT_NOFILE, &few, nullptr), 0);
    {
        std::list<RawClient> crowd;
        for (int i = 0; i < 60; ++i) crowd.emplace_back(grid.name());
#ifndef RINGSIDE_ADDRESS_SANITIZER
        // The sanitizer's check of virtual calls opens a pipe, and reports an invalid object if it
        // cannot. This would end the broker here.
        EXPECT_TRUE(is_served(honest));
#endif
    }
    EXPECT_TRUE(eventually([&] {
        RawClient later(grid.name());
        return later.attach();
    }));
}

std::size_t descriptors_of(pid_t process) {
    const std::string directory = "/proc/" + std::to_string(process) + "/fd";
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(directory),
                                                  std::filesystem::directory_iterator()));
}

TEST(Handshake, DescriptorsThatComeWithAnEmptyPacketAreClosed) {
    TestGrid grid;
    RawClient honest(grid.name());
    ASSERT_TRUE(honest.attach());
    const std::size_t before = descriptors_of(grid.broker());
    const Descriptor file(memfd_create("ringside-test", MFD_CLOEXEC));
    const int brought[] = {file.get(), file.get()};
    for (int i = 0; i < 20; ++i) {
        RawClient client(grid.name());
        ASSERT_TRUE(client.send_with("", 0, brought));
        ASSERT_TRUE(client.is_closed_within(soon));
    }
    EXPECT_TRUE(eventually([&] { return descriptors_of(grid.broker()) <= before; }));
}

TEST(Handshake, ThousandSessionsComeAndGo) {
    TestGrid grid;
    const auto segment = shm::Segment::open(grid.name()).value();
    for (int i = 0; i < 1000; ++i) {
        RawClient client(grid.name());
        ASSERT_TRUE(client.attach()) << i;
        ASSERT_EQ(client.welcome.session, static_cast<SessionId>(i + 1));
    }
    EXPECT_TRUE(eventually([&] { return sessions_open(segment) == 0; }));
    EXPECT_LT(descriptors_of(grid.broker()), 40U);
}

TEST(Handshake, DoorbellThatIsSpoiltHoldsUpNobody) {
    TestGrid grid;
    RawClient honest(grid.name());
    RawClient thief(grid.name());
    ASSERT_TRUE(honest.attach());
    ASSERT_TRUE(thief.attach());
    // Empties and fills the descriptor, and makes reads block.
    std::uint64_t count = 0;
    static_cast<void>(!read(thief.doorbell.get(), &count, sizeof count));
    count = ~0ULL - 1;
    static_cast<void>(!write(thief.doorbell.get(), &count, sizeof count));
    fcntl(thief.doorbell.get(), F_SETFL, 0);
    const auto segment = shm::Segment::open(grid.name()).value();
    LaneClient lane(honest.memory(), 0);
    honest.memory().control().lanes_open = 1;
    for (int i = 0; i < 20; ++i) {
        ASSERT_TRUE(eventually([&] { return segment.header().broker.asleep.load() == 1; }));
        ASSERT_TRUE(lane.put("a", "1"));
        honest.ring();
        ASSERT_TRUE(eventually([&] { return lane.take().has_value(); }));
    }
}

}  // namespace
}  // namespace ringside::broker
