#include "ringside/history.hpp"

#include <gtest/gtest.h>

#include "ringside/client.hpp"
#include "shm/ring/ended_writers.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/test_grid.hpp"

namespace ringside {
namespace {

using std::chrono::milliseconds;
using testing::eventually;
using testing::TestGrid;

class HistoryTest : public ::testing::Test {
protected:
    TestGrid grid_{{"--memory", "64MiB", "--ring-entries", "1024"}};
    Client client_ = attach("reader");

    [[nodiscard]] Client attach(const std::string& program, const std::string& user = "") const {
        return Client::attach({.grid = grid_.name(),
                               .program = program,
                               .user = user,
                               .timeout = testing::soon})
            .value();
    }
    [[nodiscard]] static std::vector<std::optional<WatchKind>> kinds_of(const History& history) {
        std::vector<std::optional<WatchKind>> kinds;
        for (const HistoryVersion& one : history.versions()) kinds.push_back(one.kind);
        return kinds;
    }
    [[nodiscard]] bool has_ended(SessionId session) const {
        return eventually([&] { return client_.writer(session).value().has_ended; });
    }
    /// Overwrites the whole ring and waits until the broker has released the older versions.
    void overwrite_ring() {
        const Revision before = client_.revision();
        EXPECT_TRUE(eventually([&] {
            for (int i = 0; i < 1100; ++i) client_.put("other", std::to_string(i)).value();
            return client_.history("other").value().retained_from() >= before;
        }));
    }
};

TEST_F(HistoryTest, ShowsEachVersionWithItsChangeTheNewestFirst) {
    const auto first = client_.put("a", R"({"n":1})").value();
    client_.patch("a", "/n", "2").value();
    client_.remove("a").value();
    const auto last = client_.put("a", "3").value();
    client_.put("b", "0").value();

    const History history = client_.history("a").value();

    using enum WatchKind;
    EXPECT_EQ(kinds_of(history), (std::vector<std::optional<WatchKind>>{put, remove, patch, put}));
    const HistoryVersion& newest = history.versions().front();
    EXPECT_EQ(newest.record.revision(), last.revision);
    EXPECT_EQ(newest.record.version(), 1U) << "versions count from the deletion on";
    EXPECT_EQ(to_json(newest.record.document()), "3");
    EXPECT_FALSE(history.versions()[1].record.document().exists());
    EXPECT_EQ(to_json(history.versions()[2].record.document()), R"({"n":2})");
    const HistoryVersion& oldest = history.versions().back();
    EXPECT_EQ(oldest.record.revision(), first.revision);
    EXPECT_EQ(to_json(oldest.record.document()), R"({"n":1})");
    EXPECT_GT(oldest.record.updated_ns(), 0U);
    EXPECT_EQ(*newest.position, *oldest.position + 3);
    EXPECT_FALSE(history.has_more());
    EXPECT_EQ(history.began_at(), 0U);
    EXPECT_GE(history.revision(), last.revision);
}

TEST_F(HistoryTest, VersionsOfOneCommitAreAllShown) {
    Transaction transaction;
    transaction.put("a", "1").value();
    transaction.put("a", "2").value();
    transaction.remove("a").value();
    client_.commit(transaction).value();
    const History history = client_.history("a").value();
    using enum WatchKind;
    EXPECT_EQ(kinds_of(history), (std::vector<std::optional<WatchKind>>{remove, put, put}));
}

TEST_F(HistoryTest, WriterStaysKnownAfterItsSessionHasEnded) {
    {
        Client loader = attach("loader", "anna");
        loader.put("a", "1").value();
        const History history = client_.history("a").value();
        const Writer& open = *history.versions().front().writer;
        EXPECT_TRUE(open.is_known);
        EXPECT_FALSE(open.has_ended);
        EXPECT_EQ(open.user, "anna");
    }
    const SessionId session = client_.history("a").value().versions().front().writer->session;
    ASSERT_TRUE(has_ended(session));
    const History history = client_.history("a").value();
    const Writer& writer = *history.versions().front().writer;
    EXPECT_TRUE(writer.is_known);
    EXPECT_EQ(writer.pid, static_cast<std::uint32_t>(getpid()));
    EXPECT_EQ(writer.uid, getuid());
    EXPECT_EQ(writer.program, "loader");
    EXPECT_EQ(writer.user, "anna");
}

TEST_F(HistoryTest, WriterIsForgottenWhenManyLaterOnesHaveEnded) {
    client_.put("last", "0").value();
    SessionId first = 0;
    const auto write = [&] {
        Client writer = attach("many");
        writer.put("last", "1").value();
        return client_.history("last").value().versions().front().writer->session;
    };
    first = write();
    for (std::uint64_t i = 0; i < shm::ended_writers_kept(1024); ++i) write();
    EXPECT_TRUE(eventually([&] { return !client_.writer(first).value().is_known; }));
    EXPECT_TRUE(client_.writer(first).value().has_ended);
}

TEST_F(HistoryTest, ExpiryIsTheBrokersChange) {
    client_.put("a", "1", {.ttl = milliseconds(1)}).value();
    ASSERT_TRUE(eventually([&] { return client_.get("a").error() == Errc::not_found; }));
    const History history = client_.history("a").value();
    ASSERT_EQ(kinds_of(history),
              (std::vector<std::optional<WatchKind>>{WatchKind::expire, WatchKind::put}));
    EXPECT_TRUE(history.versions().front().writer->is_broker());
    EXPECT_TRUE(history.versions().front().writer->is_known);
}

TEST_F(HistoryTest, VersionThatTheRingHasLostIsTheStateBeforeItsOldestChange) {
    client_.put("a", "1").value();
    const auto written = client_.put("a", "2").value();
    client_.put("deleted", "1").value();
    client_.remove("deleted").value();
    overwrite_ring();
    const History history = client_.history("a").value();
    ASSERT_EQ(history.versions().size(), 1U);
    const HistoryVersion& only = history.versions().front();
    EXPECT_EQ(only.record.revision(), written.revision);
    EXPECT_EQ(to_json(only.record.document()), "2");
    EXPECT_FALSE(only.kind);
    EXPECT_FALSE(only.position);
    EXPECT_FALSE(only.writer);
    EXPECT_GT(history.retained_from(), written.revision);
    EXPECT_EQ(client_.history("deleted").error(), Errc::not_found);
}

TEST_F(HistoryTest, RefusedCreationLeavesNoVersion) {
    Transaction refused;
    refused.put("a", "1").value();
    refused.remove("nothing").value();
    EXPECT_EQ(client_.commit(refused).error(), Errc::not_found);
    client_.put("b", "1").value();
    EXPECT_EQ(client_.history("a").error(), Errc::not_found);
    EXPECT_EQ(client_.history("a//b").error(), Errc::bad_name);
}

TEST_F(HistoryTest, NewestVersionsOnly) {
    for (int i = 0; i < 5; ++i) client_.put("a", std::to_string(i)).value();
    const History history = client_.history("a", {.versions_max = 2}).value();
    ASSERT_EQ(history.versions().size(), 2U);
    EXPECT_EQ(to_json(history.versions().back().record.document()), "3");
    EXPECT_TRUE(history.has_more());
    EXPECT_FALSE(client_.history("a", {.versions_max = 5}).value().has_more());
}

TEST_F(HistoryTest, TakeOverOfTheSegmentKeepsVersionsAndWriters) {
    attach("loader").put("a", "1").value();
    const SessionId session = client_.history("a").value().versions().front().writer->session;
    ASSERT_TRUE(has_ended(session));
    grid_.kill_broker();
    grid_.start();
    client_.put("a", "2").value();
    const History history = client_.history("a").value();
    ASSERT_EQ(history.versions().size(), 2U);
    EXPECT_EQ(history.versions().back().writer->program, "loader");
    EXPECT_EQ(history.versions().front().writer->program, "reader");
}

TEST(HistoryOfAStore, RestartFromTheStoreForgetsVersionsAndWriters) {
    const testing::TemporaryDirectory directory;
    TestGrid grid({"--memory", "64MiB", "--data", directory / "data", "--durability", "always"});
    WriteResult written;
    {
        Client client = Client::attach({.grid = grid.name()}).value();
        client.put("a", "1").value();
        written = client.put("a", "2", {.grade = Grade::durable}).value();
    }
    EXPECT_EQ(grid.stop(), 0);
    grid.start();
    const Client client = Client::attach({.grid = grid.name()}).value();
    const History history = client.history("a").value();
    ASSERT_EQ(history.versions().size(), 1U);
    EXPECT_EQ(history.versions().front().record.revision(), written.revision);
    EXPECT_FALSE(history.versions().front().writer);
    EXPECT_GT(history.began_at(), written.revision);
}

TEST_F(HistoryTest, SnapshotKnowsTheWritersOfItsRecords) {
    client_.put("old", "1").value();
    overwrite_ring();
    Client loader = attach("loader");
    loader.put("new", "1").value();
    loader.put("expiring", "1", {.ttl = testing::never}).value();
    const Snapshot snapshot = client_.snapshot().value();
    client_.put("new", "2").value();
    RecordWriters writers = client_.record_writers(snapshot).value();
    EXPECT_EQ(writers.writer_of(snapshot.get("new").value())->program, "loader");
    EXPECT_EQ(writers.writer_of(snapshot.get("expiring").value())->program, "loader");
    EXPECT_EQ(writers.writer_of(snapshot.get("old").value()), nullptr);
}

TEST_F(HistoryTest, WriterThatEndsAfterOthersWereLookedUpIsKnown) {
    auto first = std::make_unique<Client>(attach("first"));
    auto second = std::make_unique<Client>(attach("second"));
    first->put("a", "1").value();
    second->put("b", "1").value();
    const auto session_of = [this](const std::string& name) {
        return client_.history(name).value().versions().front().writer->session;
    };
    const SessionId of_first = session_of("a");
    const SessionId of_second = session_of("b");
    first.reset();
    ASSERT_TRUE(has_ended(of_first));
    const Snapshot snapshot = client_.snapshot().value();
    RecordWriters writers = client_.record_writers(snapshot).value();
    EXPECT_EQ(writers.writer_of(snapshot.get("a").value())->program, "first");
    second.reset();
    ASSERT_TRUE(has_ended(of_second));
    const Writer* writer = writers.writer_of(snapshot.get("b").value());
    ASSERT_NE(writer, nullptr);
    EXPECT_EQ(writer->program, "second");
    EXPECT_TRUE(writer->has_ended);
}

TEST_F(HistoryTest, WatchReportsTheSessionOfAChange) {
    Client loader = attach("loader");
    Watch watch = client_.watch("a").value();
    loader.put("a", "1").value();
    const WatchEvent event = watch.next(testing::soon).value();
    EXPECT_NE(event.session, 0U);
    EXPECT_EQ(client_.writer(event.session).value().program, "loader");
}

TEST_F(HistoryTest, ClosedSessionIsReplacedByANewOneWithTheNextCall) {
    Client victim = attach("victim");
    victim.put("a", "1").value();
    const Snapshot held = victim.snapshot().value();
    const SessionId session = client_.history("a").value().versions().front().writer->session;
    client_.close_session(session).value();
    EXPECT_TRUE(eventually([&] { return held.check().has_error(); })) << "its pins are released";
    ASSERT_TRUE(has_ended(session));
    EXPECT_TRUE(eventually([&] { return victim.put("a", "2").has_value(); }));
    EXPECT_NE(client_.history("a").value().versions().front().writer->session, session);
    EXPECT_EQ(client_.close_session(session).error(), Errc::not_found);
}

}  // namespace
}  // namespace ringside
