#include <gtest/gtest.h>

#include <unordered_map>

#include "shm/ring/change_ring.hpp"
#include "tests/stress/halves.hpp"
#include "tests/stress/threaded_grid.hpp"
#include "tests/support/seeded_test.hpp"

/// The protocols of pins, table, index and change ring with real threads, under maximum reuse of
/// memory: the ring holds 64 changes, and hardly any replaced version is retained.
namespace ringside::broker {
namespace {

using shm::VersionBlock;
using testing::HeldPin;
using testing::Random;
using testing::ThreadedGrid;

constexpr std::uint64_t accounts = 16;
constexpr std::int64_t money = 1000;        // in each account at the start; transfers keep the sum
constexpr std::uint64_t steady_names = 40;  // these always exist
constexpr std::uint64_t churn_names = 3000;

class PinProtocolThreads : public testing::SeededTest {
protected:
    explicit PinProtocolThreads(ThreadedGrid::Fences fences = ThreadedGrid::Fences::both)
        : grid_({.retain_entries = 32, .retain_bytes = 16 << 10}, fences) {
        grid_.grid.begin_turn(1);
        std::vector<Command> all;
        for (std::uint64_t i = 0; i < accounts; ++i)
            add_balance("account/" + std::to_string(i), money);
        for (std::uint64_t i = 0; i < steady_names; ++i) add_halves("steady/" + std::to_string(i));
        while (!names_.empty()) commit_first(std::min<std::size_t>(names_.size(), 16));
        balances_.assign(accounts, money);
        grid_.grid.publish();
    }

    // -- The engine's turn -----------------------------------------------------------------------

    void add(wire::CommandKind kind, std::string name, Bytes document) {
        names_.push_back(std::move(name));
        documents_.push_back(std::move(document));
        kinds_.push_back(kind);
    }
    void add_halves(std::string name) {
        add(wire::CommandKind::put, std::move(name), testing::halves_document(++counter_));
    }
    void add_balance(std::string name, std::int64_t balance) {
        add(wire::CommandKind::put, std::move(name),
            document_from_json(R"({"balance":)" + std::to_string(balance) + "}").value());
    }
    /// Commits the first commands that were added.
    void commit_first(std::size_t count) {
        std::vector<Command> commands(count);
        for (std::size_t i = 0; i < count; ++i) {
            commands[i].kind = kinds_[i];
            commands[i].name = names_[i];
            commands[i].document = documents_[i];
        }
        std::vector<Version> versions;
        const auto done = grid_.grid.commit(commands, {}, versions);
        // A transaction whose last command removes a missing record is refused, and must leave no
        // trace.
        if (!done) {
            EXPECT_EQ(done.error().error.code, Errc::not_found) << done.error().error.text();
        }
        const auto drop = [count](auto& queue) {
            queue.erase(queue.begin(), queue.begin() + static_cast<std::ptrdiff_t>(count));
        };
        drop(names_);
        drop(documents_);
        drop(kinds_);
    }
    void transfer() {
        const std::uint64_t from = engine_random_.below(accounts);
        const std::uint64_t to = engine_random_.below(accounts);
        if (from == to) return;
        const auto amount = static_cast<std::int64_t>(engine_random_.below(100));
        balances_[from] -= amount;
        balances_[to] += amount;
        add_balance("account/" + std::to_string(from), balances_[from]);
        add_balance("account/" + std::to_string(to), balances_[to]);
        commit_first(2);
    }
    void failed_transfer() {
        add_balance("account/" + std::to_string(engine_random_.below(accounts)), 1'000'000);
        add_halves("churn/new" + std::to_string(engine_random_.below(10)));
        add(wire::CommandKind::remove, "never/there", {});
        commit_first(3);
    }
    void turn() {
        grid_.grid.begin_turn(++now_ns_);
        for (std::uint64_t i = engine_random_.between(1, 4); i > 0; --i) {
            switch (engine_random_.below(8)) {
                case 0:
                case 1: transfer(); break;
                case 2: failed_transfer(); break;
                case 3:
                case 4:
                    add_halves("steady/" + std::to_string(engine_random_.below(steady_names)));
                    commit_first(1);
                    break;
                case 5:
                    add(wire::CommandKind::remove,
                        "churn/" + std::to_string(engine_random_.below(churn_names)), {});
                    commit_first(1);
                    break;
                default:
                    add_halves("churn/" + std::to_string(engine_random_.below(churn_names)));
                    commit_first(1);
                    break;
            }
        }
        grid_.grid.publish();
        grid_.grid.reclaim();
    }
    /// The readers of the tests. Each ends with `run`.
    void read_by_name();
    void scan_all();
    void read_older_revisions();
    void follow_ring();

    /// Runs at least `turns_` turns, and continues until `reads_min` reads were made.
    void run(const std::atomic<std::uint64_t>& reads, std::uint64_t reads_min) {
        const auto violations = grid_.run(
            turns_, [this] { turn(); }, [&] { return reads.load() >= reads_min; });
        for (const std::string& violation : violations) ADD_FAILURE() << violation;
        EXPECT_GE(reads.load(), reads_min);
    }

    // -- Readers ---------------------------------------------------------------------------------

    const VersionBlock* find(std::string_view name, Revision at) const {
        const shm::RecordTableReader table(grid_.segment.view());
        return shm::visible_record(grid_.segment.view(), table.find(name, table.hash(name)), at);
    }

    std::string check_sum(Revision at) const {
        std::int64_t sum = 0;
        for (std::uint64_t i = 0; i < accounts; ++i) {
            const auto* version = find("account/" + std::to_string(i), at);
            if (version == nullptr) return "account " + std::to_string(i) + " is missing";
            sum += document_of(*version)["balance"].as_int64().value_or(-1);
        }
        if (sum == static_cast<std::int64_t>(accounts) * money) return {};
        return "a half-applied transfer at revision " + std::to_string(at) + ": the sum is " +
               std::to_string(sum);
    }

    [[nodiscard]] Value document_of(const VersionBlock& version) const {
        return Value::of(version.document(), &grid_.segment.view().pages());
    }

    /// Returns what is wrong with one version that is visible at a revision.
    [[nodiscard]] std::string check_version(const VersionBlock& version, Revision at) const {
        if (version.revision > at) return "a version of a later revision is visible";
        if (version.name().starts_with("account/")) return {};
        return testing::why_torn(document_of(version));
    }

    std::uint64_t turns_ = 30'000;
    ThreadedGrid grid_;
    Random engine_random_ = random(0);
    std::uint64_t counter_ = 0;
    std::uint64_t now_ns_ = 1;
    std::vector<std::int64_t> balances_;
    std::vector<std::string> names_;
    std::vector<Bytes> documents_;
    std::vector<wire::CommandKind> kinds_;
};

void PinProtocolThreads::read_by_name() {
    std::atomic<std::uint64_t> reads{0};
    for (std::size_t number = 0; number < 3; ++number) {
        grid_.add_reader([this, &reads, number, random = random(number + 1),
                          seen = std::unordered_map<std::string, Revision>(),
                          last = Revision{0}]() mutable -> std::string {
            const HeldPin pin(grid_, number);
            if (pin.revision() < last) return "the published revision went back";
            last = pin.revision();
            reads.fetch_add(1, std::memory_order_relaxed);
            if (random.one_in(4)) return check_sum(pin.revision());
            const bool is_steady = random.one_in(2);
            const std::string name = is_steady
                                         ? "steady/" + std::to_string(random.below(steady_names))
                                         : "churn/" + std::to_string(random.below(churn_names));
            const auto* version = find(name, pin.revision());
            if (version == nullptr) return is_steady ? name + " is missing" : "";
            if (version->name() != name) return name + " leads to " + std::string(version->name());
            if (version->revision < seen[name]) return name + " went back";
            seen[name] = version->revision;
            return check_version(*version, pin.revision());
        });
    }
    run(reads, 1000);
}

void PinProtocolThreads::scan_all() {
    std::atomic<std::uint64_t> scans{0};
    for (std::size_t number = 0; number < 2; ++number) {
        grid_.add_reader([this, &scans, number]() -> std::string {
            const HeldPin pin(grid_, number);
            const auto& segment = grid_.segment.view();
            shm::NameIndexCursor cursor(segment);
            cursor.seek("");
            std::string last;
            std::int64_t sum = 0;
            std::uint64_t steady = 0;
            for (auto ids = cursor.next(); !ids.empty(); ids = cursor.next()) {
                for (const std::uint32_t id : ids) {
                    const auto* version = shm::visible_record(
                        segment, shm::newest_of(segment, RecordId{id}), pin.revision());
                    if (version == nullptr) continue;
                    const std::string_view name = version->name();
                    if (name <= last)
                        return "out of order: " + std::string(name) + " after " + last;
                    last = name;
                    if (auto wrong = check_version(*version, pin.revision()); !wrong.empty())
                        return wrong;
                    if (name.starts_with("steady/")) ++steady;
                    sum += document_of(*version)["balance"].as_int64().value_or(0);
                }
            }
            scans.fetch_add(1, std::memory_order_relaxed);
            if (steady != steady_names)
                return "the scan met " + std::to_string(steady) + " steady records";
            if (sum != static_cast<std::int64_t>(accounts) * money) {
                return "a half-applied transfer in a scan: the sum is " + std::to_string(sum);
            }
            return {};
        });
    }
    run(scans, 20);
}

void PinProtocolThreads::read_older_revisions() {
    std::atomic<std::uint64_t> opened{0};
    const Revision complete = grid_.published();  // the records to look up exist from here on
    for (std::size_t number = 0; number < 2; ++number) {
        grid_.add_reader([this, &opened, complete, number,
                          random = random(number + 1)]() mutable -> std::string {
            const Revision newest = grid_.published();
            const Revision wanted = newest - std::min(newest - complete, random.below(24));
            const HeldPin pin(grid_, number, wanted);
            if (!pin) return {};  // the horizon has passed it: compacted
            opened.fetch_add(1, std::memory_order_relaxed);
            std::array<std::optional<Revision>, 2> first;
            for (int look = 0; look < 8; ++look) {
                if (auto wrong = check_sum(wanted); !wrong.empty()) return wrong;
                for (std::uint64_t i = 0; i < first.size(); ++i) {
                    const auto* version = find("steady/" + std::to_string(i), wanted);
                    if (version == nullptr) return "a steady record is missing";
                    if (auto wrong = check_version(*version, wanted); !wrong.empty()) return wrong;
                    if (first[i].value_or(version->revision) != version->revision) {
                        return "a snapshot changed";
                    }
                    first[i] = version->revision;
                }
                std::this_thread::yield();
            }
            return {};
        });
    }
    run(opened, 200);
}

/// Follows the change ring like a watch in mode `every`.
class RingFollower {
public:
    RingFollower(ThreadedGrid& grid, std::size_t number)
        : grid_(&grid), number_(number), ring_(grid.segment.view()), cursor_(ring_.head()) {}

    /// Takes one change and returns what is wrong with it.
    std::string step(std::atomic<std::uint64_t>& changes) {
        const Revision published = grid_->published();
        const Position head = ring_.head();
        if (cursor_ >= head) {
            std::this_thread::yield();
            return {};
        }
        const auto change = ring_.read(cursor_);
        if (!change) return resynchronise();
        if (change->revision > published) return {};
        // One revision before the change: at the change's own revision, a tombstone may already be
        // gone.
        const HeldPin pin(*grid_, number_, change->revision - 1);
        if (!pin) return resynchronise();
        ++cursor_;
        changes.fetch_add(1, std::memory_order_relaxed);
        return check(*change);
    }

private:
    std::string resynchronise() {
        const Position tail = ring_.tail();
        if (tail <= cursor_ && ring_.read(cursor_)) return {};  // the tail has not passed it: retry
        cursor_ = std::max(cursor_, tail);
        versions_.clear();
        last_ = 0;
        return {};
    }
    std::string check(const shm::Change& change) {
        const VersionBlock& block = *grid_->segment.view().version_at(change.version);
        const std::string name(block.name());
        if (block.revision != change.revision) return name + ": the entry leads to another version";
        if (change.revision < last_) return "a change of an earlier revision follows";
        last_ = change.revision;
        const bool is_removal = change.kind == shm::ChangeKind::remove;
        if (is_removal != block.is_tombstone()) return name + ": entry and version disagree";
        if (const auto known = versions_.find(name); known != versions_.end()) {
            const Version expected = known->second + 1;
            if (block.version != expected && block.version != 1) {
                return name + ": version " + std::to_string(block.version) + " follows " +
                       std::to_string(known->second);
            }
        }
        versions_[name] = is_removal ? 0 : block.version;
        if (is_removal || name.starts_with("account/")) return {};
        return testing::why_torn(Value::of(block.document(), &grid_->segment.view().pages()));
    }

    ThreadedGrid* grid_;
    std::size_t number_;
    shm::ChangeRingReader ring_;
    Position cursor_;
    Revision last_ = 0;
    std::unordered_map<std::string, Version> versions_;
};

void PinProtocolThreads::follow_ring() {
    std::atomic<std::uint64_t> changes{0};
    for (std::size_t number = 0; number < 3; ++number) {
        grid_.add_reader([&changes, follower = RingFollower(grid_, number)]() mutable {
            return follower.step(changes);
        });
    }
    run(changes, 1000);
}

class LongPinProtocolThreads : public PinProtocolThreads {
protected:
    LongPinProtocolThreads() { turns_ *= 20; }
};

/// The fences that production uses, where the host has membarrier.
class LightPinProtocolThreads : public PinProtocolThreads {
protected:
    LightPinProtocolThreads() : PinProtocolThreads(ThreadedGrid::Fences::engine) {}
    void SetUp() override {
        if (!shm::register_for_membarrier() || !shm::try_membarrier_all()) {
            GTEST_SKIP() << "no membarrier for processes of this host";
        }
    }
};

TEST_F(LightPinProtocolThreads, ReadersByNameMeetWholeDocumentsAndWholeCommits) { read_by_name(); }
TEST_F(LightPinProtocolThreads, ScansMeetEveryRecordOnceInOrderAtOneInstant) { scan_all(); }
TEST_F(LightPinProtocolThreads, OlderRevisionsStayAsTheyWere) { read_older_revisions(); }
TEST_F(LightPinProtocolThreads, FollowersOfTheRingMeetEveryChangeOnceOrAreLapped) { follow_ring(); }

TEST_F(PinProtocolThreads, ReadersByNameMeetWholeDocumentsAndWholeCommits) { read_by_name(); }
TEST_F(PinProtocolThreads, ScansMeetEveryRecordOnceInOrderAtOneInstant) { scan_all(); }
TEST_F(PinProtocolThreads, OlderRevisionsStayAsTheyWere) { read_older_revisions(); }
TEST_F(PinProtocolThreads, FollowersOfTheRingMeetEveryChangeOnceOrAreLapped) { follow_ring(); }

TEST_F(LongPinProtocolThreads, ReadersByNameMeetWholeDocumentsAndWholeCommits) { read_by_name(); }
TEST_F(LongPinProtocolThreads, ScansMeetEveryRecordOnceInOrderAtOneInstant) { scan_all(); }
TEST_F(LongPinProtocolThreads, OlderRevisionsStayAsTheyWere) { read_older_revisions(); }
TEST_F(LongPinProtocolThreads, FollowersOfTheRingMeetEveryChangeOnceOrAreLapped) { follow_ring(); }

}  // namespace
}  // namespace ringside::broker
