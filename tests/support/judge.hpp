#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <deque>
#include <fstream>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "ringside/client.hpp"
#include "tests/support/test_grid.hpp"

/// Writers that log every reply, and a judge that checks the grid against these logs after any
/// number of broker deaths.
namespace ringside::testing {

inline constexpr unsigned writers = 3;
inline constexpr unsigned records = 8;     ///< of each writer
inline constexpr unsigned pair = records;  ///< two more records, always written together

inline std::string name_of(unsigned writer, unsigned record) {
    return "w/" + std::to_string(writer) + "/" + std::to_string(record);
}

/// A log entry of a writer, written before and after each write.
struct Entry {
    enum class Kind : std::uint8_t { attempt, acknowledged, in_doubt };
    Kind kind = Kind::attempt;
    Grade grade = Grade::applied;
    std::uint16_t record = 0;
    std::uint32_t reserved = 0;
    std::uint64_t number = 0;  ///< also in the document; increases
    Revision revision = 0;
    Version version = 0;
};

class Log {
public:
    explicit Log(const std::string& path)
        : file_(open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) {}
    void add(const Entry& entry) const {
        if (write(file_.get(), &entry, sizeof entry) != sizeof entry) std::abort();
    }

private:
    Descriptor file_;
};

inline std::string document(std::uint64_t number, std::size_t fill) {
    const std::string n = std::to_string(number);
    return R"({"n":)" + n + R"(,"fill":")" + std::string(fill, 'x') + R"(","again":)" + n + "}";
}

/// Attaches to a broker that may be dying or starting.
inline Client attach_at_last(const std::string& grid) {
    for (;;) {
        if (auto client = Client::attach({.grid = grid})) return std::move(*client);
        usleep(1000);
    }
}

/// Writes one record at a time. One write in five is a transaction; some wait for the disk.
[[noreturn]] inline void write_singly(const std::string& grid, unsigned writer, const Log& log) {
    Client client = attach_at_last(grid);
    std::mt19937 random(writer);
    for (std::uint64_t number = 1;; ++number) {
        Entry entry;
        entry.number = number;
        entry.grade = random() % 4 == 0 ? Grade::durable : Grade::applied;
        const std::string text = document(number, random() % 500);
        const bool is_pair = random() % 5 == 0;
        entry.record = static_cast<std::uint16_t>(is_pair ? pair : random() % records);
        log.add(entry);
        Result<WriteResult> written = Error();
        if (is_pair) {
            Transaction both;
            both.put(name_of(writer, pair), text, {.grade = entry.grade}).value();
            both.put(name_of(writer, pair + 1), text).value();
            const auto committed = client.commit(both);
            if (committed) written = WriteResult{committed->revision, committed->versions[0]};
            else written = committed.error();
        } else {
            written = client.put(name_of(writer, entry.record), text, {.grade = entry.grade});
        }
        entry.kind = written ? Entry::Kind::acknowledged : Entry::Kind::in_doubt;
        if (written) {
            entry.revision = written->revision;
            entry.version = written->version;
        }
        log.add(entry);
        usleep(50);
    }
}

/// Keeps many writes in progress.
[[noreturn]] inline void write_in_a_pipeline(const std::string& grid, unsigned writer,
                                             const Log& log) {
    Client client = attach_at_last(grid);
    std::mt19937 random(writer);
    std::uint64_t number = 0;
    for (;;) {
        std::deque<Entry> sent;
        auto pipeline = client.pipeline(
            {.on_reply = [&](std::uint64_t ticket, const Result<WriteResult>& result) {
                static_cast<void>(ticket);  // replies arrive in order
                Entry entry = sent.front();
                sent.pop_front();
                entry.kind = result ? Entry::Kind::acknowledged : Entry::Kind::in_doubt;
                if (result) {
                    entry.revision = result->revision;
                    entry.version = result->version;
                }
                log.add(entry);
            }});
        while (pipeline) {
            Entry entry;
            entry.number = ++number;
            entry.grade = random() % 8 == 0 ? Grade::durable : Grade::applied;
            entry.record = static_cast<std::uint16_t>(random() % records);
            log.add(entry);
            sent.push_back(entry);
            const auto ticket =
                pipeline->put(name_of(writer, entry.record), document(number, random() % 300),
                              {.grade = entry.grade});
            if (!ticket) break;  // the session has ended; all unanswered writes are in doubt
            if (number % 200 == 0) usleep(2000);
        }
    }
}

/// The contents of a writer's log, as far as it was read.
class Account {
public:
    explicit Account(const std::string& path) : file_(path, std::ios::binary) {}

    /// State of a record according to the log.
    struct Place {
        std::uint64_t attempted = 0;     ///< newest number that may be in the grid
        std::uint64_t durable = 0;       ///< newest number that must be in the grid in any case
        std::uint64_t acknowledged = 0;  ///< newest acknowledged number; must be in its segment
        Revision revision = 0;           ///< of that number
        Version version = 0;
        std::uint64_t doubts = 0;  ///< later attempts that may have created a version
    };

    /// Reads further entries. Revisions increase; within a segment, each write creates one version.
    /// `bases`: the start revisions of all segments after the first.
    void read(const std::vector<Revision>& bases) {
        Entry entry;
        file_.clear();
        for (;;) {
            const auto place = file_.tellg();
            if (!file_.read(reinterpret_cast<char*>(&entry), sizeof entry)) {
                file_.clear();
                file_.seekg(place);
                return;
            }
            take(entry, bases);
            if (::testing::Test::HasFatalFailure()) return;
        }
    }

    [[nodiscard]] const Place& of(unsigned record) {
        return places_[record > pair ? pair : record];
    }
    [[nodiscard]] std::uint64_t acknowledged() const noexcept { return acknowledged_; }

private:
    void take(const Entry& entry, const std::vector<Revision>& bases) {
        Place& place = places_[entry.record];
        if (entry.kind == Entry::Kind::attempt) {
            place.attempted = std::max(place.attempted, entry.number);
            return;
        }
        ASSERT_TRUE(answered_ < entry.number) << "answers are out of order";
        answered_ = entry.number;
        if (entry.kind == Entry::Kind::in_doubt) {
            ++place.doubts;
            return;
        }
        ++acknowledged_;
        ASSERT_GT(entry.revision, last_) << "write " << entry.number;
        last_ = entry.revision;
        begin_segments(bases, entry.revision);
        if (place.version != 0) {
            ASSERT_GT(entry.version, place.version) << "write " << entry.number;
            ASSERT_LE(entry.version, place.version + 1 + place.doubts)
                << "write " << entry.number << " was applied twice";
        }
        place.version = entry.version;
        place.revision = entry.revision;
        place.doubts = 0;
        place.acknowledged = entry.number;
        if (entry.grade == Grade::durable) place.durable = entry.number;
    }

    /// Writes that were only applied in an earlier segment may be lost, together with their
    /// versions.
    void begin_segments(const std::vector<Revision>& bases, Revision revision) {
        while (segments_ < bases.size() && bases[segments_] < revision) {
            ++segments_;
            for (auto& [record, place] : places_) place.acknowledged = place.version = 0;
        }
    }

    std::ifstream file_;
    std::map<unsigned, Place> places_;
    std::size_t segments_ = 0;
    std::uint64_t answered_ = 0;
    std::uint64_t acknowledged_ = 0;
    Revision last_ = 0;
};

class Judge {
public:
    Judge(const TestGrid& grid, std::string directory)
        : grid_(&grid), directory_(std::move(directory)) {
        for (unsigned writer = 0; writer < writers; ++writer) {
            const Log made(log_of(writer));
            accounts_.push_back(std::make_unique<Account>(log_of(writer)));
        }
    }

    [[nodiscard]] std::string log_of(unsigned writer) const {
        return directory_ + "/log-" + std::to_string(writer);
    }

    /// Waits until each writer has received this many more acknowledgements.
    [[nodiscard]] bool acknowledges(std::uint64_t more) {
        std::vector<std::uint64_t> goals;
        for (const auto& account : accounts_) goals.push_back(account->acknowledged() + more);
        return eventually([&] {
            bool has_all = true;
            for (unsigned writer = 0; writer < writers; ++writer) {
                accounts_[writer]->read(bases_);
                has_all &= accounts_[writer]->acknowledged() >= goals[writer];
            }
            return has_all || ::testing::Test::HasFatalFailure();
        });
    }

    /// Records that the grid has a new segment, filled from the store.
    void note_segment() {
        bases_.push_back(shm::Segment::open(grid_->name())->header().tail.base.load());
    }

    /// Checks the grid against the acknowledgements that the writers have received so far.
    void judge() {
        std::vector<std::vector<Account::Place>> told(writers);
        for (unsigned writer = 0; writer < writers; ++writer) {
            SCOPED_TRACE("writer " + std::to_string(writer));
            accounts_[writer]->read(bases_);
            for (unsigned record = 0; record < records + 2; ++record) {
                told[writer].push_back(accounts_[writer]->of(record));
            }
        }
        Client client = Client::attach({.grid = grid_->name()}).value();
        const Snapshot snapshot = client.snapshot().value();
        // Every record in the snapshot was attempted before it, and is in the logs by now.
        for (unsigned writer = 0; writer < writers; ++writer) accounts_[writer]->read(bases_);
        for (unsigned writer = 0; writer < writers; ++writer) {
            SCOPED_TRACE("writer " + std::to_string(writer));
            for (unsigned record = 0; record < records + 2; ++record) {
                judge_record(snapshot, name_of(writer, record), told[writer][record],
                             accounts_[writer]->of(record).attempted);
            }
            judge_pair(snapshot, writer);
        }
    }

private:
    void judge_record(const Snapshot& snapshot, const std::string& name, const Account::Place& told,
                      std::uint64_t attempted) const {
        const bool is_of_this_segment = bases_.empty() || told.revision > bases_.back();
        const std::uint64_t required =
            std::max(told.durable, is_of_this_segment ? told.acknowledged : 0);
        const auto found = snapshot.get(name);
        if (!found) {
            ASSERT_EQ(found.error().code, Errc::not_found) << found.error().text();
            ASSERT_EQ(required, 0U) << name << " is lost";
            return;
        }
        const auto number = found->document()["n"].as_uint64();
        ASSERT_TRUE(number) << name;
        ASSERT_EQ(number, found->document()["again"].as_uint64()) << name << " is not whole";
        ASSERT_GE(*number, required) << name << ": an acknowledged write is lost";
        ASSERT_LE(*number, attempted) << name;
    }

    static void judge_pair(const Snapshot& snapshot, unsigned writer) {
        const auto one = snapshot.get(name_of(writer, pair));
        const auto other = snapshot.get(name_of(writer, pair + 1));
        ASSERT_EQ(one.has_value(), other.has_value()) << "half of a transaction";
        if (!one) return;
        ASSERT_EQ(one->document()["n"].as_uint64(), other->document()["n"].as_uint64())
            << "half of a transaction";
    }

    const TestGrid* grid_;
    std::string directory_;
    std::vector<std::unique_ptr<Account>> accounts_;
    std::vector<Revision> bases_;
};

}  // namespace ringside::testing
