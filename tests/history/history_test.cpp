#include "tests/history/history.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <time.h>

#include <new>

#include "ringside/client.hpp"
#include "tests/support/child.hpp"
#include "tests/support/seeded_test.hpp"
#include "tests/support/shared_count.hpp"
#include "tests/support/test_grid.hpp"

/// Many processes read and write a few records concurrently and log what they saw. The histories
/// must be explicable by operations that take effect one after the other.
namespace ringside {
namespace {

using namespace testing;

constexpr std::uint16_t records = 12;
constexpr std::size_t events_max = 60'000;  ///< per process

/// The log of one process, in memory that outlives it.
class Notes {
public:
    Notes()
        : page_(mmap(nullptr, sizeof(Page), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
                     0)) {
        if (page_ == MAP_FAILED) throw std::bad_alloc();
    }
    ~Notes() {
        if (page_ != nullptr) munmap(page_, sizeof(Page));
    }
    Notes(Notes&& other) noexcept : page_(std::exchange(other.page_, nullptr)) {}
    Notes& operator=(Notes&&) = delete;

    [[nodiscard]] bool is_full() const { return page().count + 16 > events_max; }
    void add(const Event& event) { page().events[page().count++] = event; }
    void give_to(std::vector<Event>& all) const {
        all.insert(all.end(), page().events, page().events + page().count);
    }

private:
    struct Page {
        std::size_t count;
        Event events[events_max];
    };
    [[nodiscard]] Page& page() const { return *static_cast<Page*>(page_); }
    void* page_;
};

std::int64_t now() {
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1'000'000'000 + time.tv_nsec;
}

std::string name_of(std::uint16_t record) { return "h/" + std::to_string(record); }

class Participant {
public:
    Participant(const std::string& grid, std::uint64_t number, Random random, Notes& notes)
        : client_(Client::attach({.grid = grid}).value()),
          number_(number),
          random_(random),
          notes_(notes) {}

    void run(std::uint64_t operations) {
        for (std::uint64_t i = 0; i < operations && !notes_.is_full(); ++i) {
            switch (random_.below(8)) {
                case 0:
                case 1: write(); break;
                case 2: write_together(); break;
                case 3: take_snapshot(); break;
                default: read();
            }
        }
    }

private:
    std::uint64_t fresh_value() { return ++values_ * 64 + number_; }
    std::uint32_t fresh_group() { return ++groups_ * 64 + static_cast<std::uint32_t>(number_); }
    std::uint16_t any_record() { return static_cast<std::uint16_t>(random_.below(records)); }

    void write() {
        Event event{.kind = Event::Kind::write, .record = any_record(), .value = fresh_value()};
        event.began_ns = now();
        const auto written = client_.put(name_of(event.record), std::to_string(event.value));
        event.ended_ns = now();
        event.version = written.value().version;
        event.revision = written->revision;
        notes_.add(event);
    }

    void write_together() {
        const std::uint16_t first = any_record();
        const std::uint16_t count = static_cast<std::uint16_t>(random_.between(2, 4));
        const std::uint32_t group = fresh_group();
        std::vector<Event> events;
        Transaction together;
        for (std::uint16_t i = 0; i < count; ++i) {
            const auto record = static_cast<std::uint16_t>((first + i) % records);
            events.push_back({.kind = Event::Kind::write,
                              .record = record,
                              .group = group,
                              .value = fresh_value()});
            together.put(name_of(record), std::to_string(events.back().value)).value();
        }
        const std::int64_t began = now();
        const auto committed = client_.commit(together).value();
        const std::int64_t ended = now();
        for (std::size_t i = 0; i < events.size(); ++i) {
            events[i].began_ns = began;
            events[i].ended_ns = ended;
            events[i].version = committed.versions[i];
            events[i].revision = committed.revision;
            notes_.add(events[i]);
        }
    }

    static void see(Event& event, const Result<Record>& record) {
        if (!record) return;  // not yet written
        event.value = record->document().as_uint64().value();
        event.version = record->version();
    }

    void read() {
        Event event{.kind = Event::Kind::read, .record = any_record()};
        event.began_ns = now();
        const auto record = client_.get(name_of(event.record));
        event.ended_ns = now();
        see(event, record);
        notes_.add(event);
    }

    void take_snapshot() {
        const std::uint32_t group = fresh_group();
        const std::int64_t began = now();
        const Snapshot snapshot = client_.snapshot().value();
        const std::int64_t ended = now();
        for (std::uint16_t i = 0; i < records; ++i) {
            Event event{.kind = Event::Kind::snapshot, .record = i, .group = group};
            event.began_ns = began;
            event.ended_ns = ended;
            if (const auto record = snapshot.get(name_of(i))) {
                event.value = record->document().as_uint64().value();
                event.version = record->version();
            }
            event.revision = snapshot.revision();
            notes_.add(event);
        }
    }

    Client client_;
    std::uint64_t number_;
    Random random_;
    Notes& notes_;
    std::uint64_t values_ = 0;
    std::uint32_t groups_ = 0;
};

class History : public SeededTest {
protected:
    /// Returns the history of this many processes that start together, each with this many
    /// operations.
    std::vector<Event> record(std::uint64_t processes, std::uint64_t operations) {
        const TestGrid grid;
        std::vector<Notes> notes(processes);
        std::vector<Child> running;
        const SharedCount attached;
        for (std::uint64_t i = 0; i < processes; ++i) {
            running.emplace_back([&, i] {
                Participant participant(grid.name(), i, random(i), notes[i]);
                attached.add();
                ASSERT_TRUE(attached.reaches(processes));
                participant.run(operations);
            });
        }
        for (Child& child : running) EXPECT_TRUE(child.join());
        std::vector<Event> events;
        for (const Notes& of_one : notes) of_one.give_to(events);
        return events;
    }
};

using LongHistory = History;

TEST_F(History, CanBeExplainedByOneOrder) {
    const auto events = record(5, 6000);
    EXPECT_GE(events.size(), 5 * 6000U);
    EXPECT_EQ(HistoryCheck(events).run(), "");
}

TEST_F(LongHistory, CanBeExplainedByOneOrder) {
    for (int round = 0; round < 20; ++round) {
        EXPECT_EQ(HistoryCheck(record(8, 6000)).run(), "");
    }
}

/// A checker that finds nothing proves nothing: each corruption of a valid history must be found.
class CorruptedHistory : public History {
protected:
    using Writes = std::map<std::pair<std::uint16_t, Version>, Event>;

    /// `corrupt(event, writes)` changes an event of that kind, or returns false if it cannot.
    template <class Corrupt>
    void expect_found(Event::Kind kind, Corrupt corrupt) {
        auto events = record(3, 500);
        ASSERT_EQ(HistoryCheck(events).run(), "");
        Writes writes;
        for (const Event& event : events) {
            if (event.kind == Event::Kind::write) writes[{event.record, event.version}] = event;
        }
        // Only the second half, so that there are earlier events.
        for (std::size_t i = events.size() / 2; i < events.size(); ++i) {
            Event event = events[i];
            if (event.kind != kind || event.version < 3 || !corrupt(event, writes)) continue;
            events[i] = event;
            EXPECT_NE(HistoryCheck(events).run(), "");
            return;
        }
        FAIL() << "no event to corrupt";
    }
};

TEST_F(CorruptedHistory, AValueThatWasNotWrittenIsFound) {
    expect_found(Event::Kind::read, [](Event& event, const Writes&) { return ++event.value; });
}

TEST_F(CorruptedHistory, AWriteThatCameTwiceIsFound) {
    expect_found(Event::Kind::write, [](Event& event, const Writes&) { return ++event.version; });
}

TEST_F(CorruptedHistory, AStaleReadIsFound) {
    expect_found(Event::Kind::read, [](Event& event, const Writes& writes) {
        event.version -= 2;
        event.value = writes.at({event.record, event.version}).value;
        // Otherwise a read could still have returned it.
        return writes.at({event.record, event.version + 1}).ended_ns < event.began_ns;
    });
}

TEST_F(CorruptedHistory, ATornTransactionIsFound) {
    expect_found(Event::Kind::write, [](Event& event, const Writes&) {
        if (event.group == 0) return false;
        ++event.revision;
        return true;
    });
}

TEST_F(CorruptedHistory, ASnapshotOfTwoInstantsIsFound) {
    expect_found(Event::Kind::snapshot, [](Event& event, const Writes& writes) {
        event.version -= 1;
        event.value = writes.at({event.record, event.version}).value;
        return true;
    });
}

TEST_F(CorruptedHistory, AWriteOutOfItsTimeIsFound) {
    expect_found(Event::Kind::write, [](Event& event, const Writes&) {
        event.began_ns -= 1'000'000'000'000;
        event.ended_ns = event.began_ns + 1;
        return true;
    });
}

}  // namespace
}  // namespace ringside
