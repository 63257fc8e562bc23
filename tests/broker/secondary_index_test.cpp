#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "shm/index/value_index.hpp"
#include "shm/index/value_key.hpp"
#include "shm/name/system_name.hpp"
#include "tests/support/grid_harness.hpp"
#include "tests/support/seeded_test.hpp"

/// Compares secondary indexes with a model of each revision: which record has which value.
namespace ringside::broker {
namespace {

using shm::ValueIndexReader;
using shm::ValueKey;
using shm::ValueRange;
using testing::GridHarness;
using testing::SeededTest;

class SecondaryIndex : public SeededTest {
protected:
    static constexpr int values = 6;

    explicit SecondaryIndex(std::uint64_t memory_bytes = 16ULL << 20)
        : grid_({.memory_bytes = memory_bytes, .ring_entries = 256}) {}

    void add_index(std::string_view pattern = "r/*", std::string_view pointer = "/v") {
        const std::string definition = R"({"pattern":")" + std::string(pattern) +
                                       R"(","pointer":")" + std::string(pointer) + "\"}";
        const auto made =
            grid_.commit({grid_.put(system_name::index(pattern, pointer), definition)});
        ASSERT_TRUE(made);
        history_.emplace(*made, now_);
    }
    void remove_index() {
        const auto made = grid_.commit({grid_.remove(system_name::index("r/*", "/v"))});
        ASSERT_TRUE(made);
        history_.emplace(*made, now_);
    }
    /// Runs index work until nothing is left to build or to remove.
    void finish_index_work() {
        for (int turns = 0; grid_.grid.has_index_work(); ++turns) {
            ASSERT_LT(turns, 100'000);
            grid_.grid.turn_indexes();
            grid_.grid.publish();
            grid_.grid.reclaim();
        }
        grid_.grid.publish();
    }

    std::string any_value() {
        switch (below(values)) {
            case 0: return "null";
            case 1: return "true";
            case 2: return std::to_string(below(4));
            case 3: return std::to_string(below(4)) + ".5";
            case 4: return "[1]";
            default: return "\"" + std::string(1, static_cast<char>('a' + below(3))) + "\"";
        }
    }
    void one_commit() {
        std::vector<Command> commands;
        auto next = now_;
        bool is_acceptable = true;
        for (std::uint64_t i = 0, n = 1 + below(4); i < n && is_acceptable; ++i) {
            const std::string name = (below(5) == 0 ? "other/" : "r/") + std::to_string(below(80));
            if (below(5) == 0) {
                commands.push_back(grid_.remove(name));
                is_acceptable = next.erase(name) > 0;
                continue;
            }
            const std::string value = below(8) == 0 ? "" : any_value();
            commands.push_back(
                grid_.put(name, value.empty() ? R"({"w":1})" : R"({"v":)" + value + "}"));
            next[name] = value.empty() ? "null" : value;
        }
        const auto made = grid_.commit(commands);
        ASSERT_EQ(made.has_value(), is_acceptable);
        if (!is_acceptable) return;
        now_ = std::move(next);
        history_.emplace(*made, now_);
    }

    [[nodiscard]] static ValueKey key_of(const std::string& json) {
        const Bytes document = document_from_json("{\"v\":" + json + "}").value();
        return ValueKey::of(Value::of(document)["v"]);
    }
    /// Returns the records that the index lists, by name.
    [[nodiscard]] std::optional<std::set<std::string>> find(const ValueRange& range, Revision at) {
        const shm::SegmentView view = grid_.segment.view();
        const ValueIndexReader index(view, 0);
        const auto ids = index.find(range, at);
        if (!ids) return std::nullopt;
        std::set<std::string> names;
        for (const RecordId id : *ids) {
            const auto* record = shm::visible_record(view, shm::newest_of(view, id), at);
            if (record == nullptr) throw std::logic_error("it is not there");
            if (!names.emplace(record->name()).second) throw std::logic_error("it is there twice");
        }
        EXPECT_EQ(index.count(range, at), ids->size());
        return names;
    }
    [[nodiscard]] std::set<std::string> expected(const ValueRange& range, Revision at) const {
        std::set<std::string> names;
        for (const auto& [name, value] : history_.at(at)) {
            const ValueKey key = key_of(value);
            const std::string_view bytes = key.bytes();
            const bool is_above = range.has_low ? bytes >= range.low : bytes > range.low;
            const bool is_below =
                !range.high || (range.has_high ? bytes <= *range.high : bytes < *range.high);
            if (name.starts_with("r/") && is_above && is_below) names.insert(name);
        }
        return names;
    }
    ValueRange any_range() {
        const ValueKey one = key_of(any_value());
        if (below(2) == 0) return ValueRange::only(one.bytes());
        const ValueKey other = key_of(any_value());
        ValueRange range{std::string(std::min(one.bytes(), other.bytes())),
                         std::string(std::max(one.bytes(), other.bytes())), below(2) == 0,
                         below(2) == 0};
        if (below(4) == 0) range.high.reset();
        return range;
    }
    /// Returns the number of questions that the index answered.
    int check(Revision at) {
        int answered = 0;
        for (int i = 0; i < 3; ++i) {
            const ValueRange range = any_range();
            const auto found = find(range, at);
            if (!found) continue;
            ++answered;
            EXPECT_EQ(*found, expected(range, at)) << "at revision " << at;
        }
        return answered;
    }
    int check_retained() {
        const Revision oldest = grid_.segment.header().horizon.horizon.load();
        const Revision newest = grid_.grid.published();
        int answered = check(newest) + check(oldest) + check(oldest + (newest - oldest) / 2);
        for (const HeldPin& pin : grid_.pins) answered += check(pin.revision);
        return answered;
    }
    void maybe_move_pin() {
        grid_.pins.clear();
        if (below(3) != 0) return;
        const Revision oldest = grid_.segment.header().horizon.horizon.load();
        const Revision pinned = oldest + below(grid_.grid.published() - oldest + 1);
        grid_.pins.push_back({.session_index = 0, .slot = 0, .revision = pinned});
    }
    void expect_nothing_lost() {
        grid_.pins.clear();
        for (int i = 0; i < 3; ++i) {
            grid_.commit({grid_.put("last", "1")});
            grid_.grid.compact();
        }
        Survey survey(grid_.segment.view());
        survey.run().value();
        EXPECT_EQ(grid_.counters().heap_bytes_used.load(), survey.bytes_reachable);
        EXPECT_EQ(grid_.counters().slots_used.load(), survey.live + survey.tombstones);
    }
    [[nodiscard]] shm::IndexState state() const {
        return static_cast<shm::IndexState>(grid_.segment.header().indexes[0].state.load());
    }

    std::uint64_t below(std::uint64_t bound) { return random_.below(bound); }

    testing::Random random_ = random(1);
    GridHarness grid_;
    std::map<Revision, std::map<std::string, std::string>> history_{{0, {}}};
    std::map<std::string, std::string> now_;
};

TEST_F(SecondaryIndex, AnswersForEveryRetainedRevisionAsTheRecordsDo) {
    add_index();
    int answered = 0;
    for (int turn = 0; turn < 2000; ++turn) {
        for (std::uint64_t i = 0, n = 1 + below(4); i < n; ++i) one_commit();
        grid_.grid.turn_indexes();
        grid_.grid.publish();
        if (below(8) == 0) grid_.grid.reclaim();
        if (below(100) == 0) grid_.grid.compact();
        if (below(10) == 0) maybe_move_pin();
        answered += check_retained();
        if (HasFailure()) return;
        grid_.forget();
    }
    EXPECT_GT(answered, 10'000);
    remove_index();
    finish_index_work();
    EXPECT_FALSE(find(any_range(), grid_.grid.published()));
    expect_nothing_lost();
}

TEST_F(SecondaryIndex, IndexIsBuiltOverExistingRecordsDuringCommits) {
    for (int i = 0; i < 1000; ++i) one_commit();
    grid_.grid.publish();
    for (int round = 0; round < 30; ++round) {
        add_index();
        grid_.grid.publish();
        int turns = 0;
        while (state() == shm::IndexState::building) {
            EXPECT_FALSE(find(any_range(), grid_.grid.published()));
            one_commit();
            grid_.grid.turn_indexes();
            grid_.grid.publish();
            ++turns;
        }
        EXPECT_GT(turns, 1);
        const Revision ready = grid_.segment.header().indexes[0].ready_from.load();
        EXPECT_FALSE(find(any_range(), ready - 1)) << "for snapshots from before";
        for (int i = 0; i < 20; ++i) {
            one_commit();
            grid_.grid.publish();
            EXPECT_GT(check(grid_.grid.published()), 0);
            EXPECT_GT(check(ready), 0);
        }
        remove_index();
        one_commit();
        finish_index_work();
        if (HasFailure()) return;
    }
    expect_nothing_lost();
}

TEST_F(SecondaryIndex, OutlivesItsBroker) {
    add_index();
    grid_.grid.publish();
    int answered = 0;
    for (int turn = 0; turn < 300; ++turn) {
        for (std::uint64_t i = 0, n = 1 + below(20); i < n; ++i) one_commit();
        grid_.grid.turn_indexes();
        if (below(2) == 0) grid_.grid.publish();
        if (below(3) == 0) {
            const Revision published = grid_.segment.header().commit.published.load();
            grid_.replace_broker();
            history_.erase(history_.upper_bound(published), history_.end());
            now_ = history_.at(published);
            history_.emplace(published + 1, now_);
            EXPECT_FALSE(find(any_range(), published));
            if (below(2) == 0) finish_index_work();
        }
        grid_.grid.publish();
        if (below(4) == 0) grid_.grid.reclaim();
        answered += check_retained();
        if (HasFailure()) return;
        grid_.forget();
    }
    EXPECT_GT(answered, 500);
    remove_index();
    finish_index_work();
    expect_nothing_lost();
}

/// Keys of each length, so that the memory of the values matters.
TEST_F(SecondaryIndex, ValuesComeAndGo) {
    add_index();
    finish_index_work();
    for (int round = 0; round < 20; ++round) {
        for (int i = 0; i < 400; ++i) {
            const std::string text(1 + below(250), 'x');
            const std::string document = R"({"v":")" + text + std::to_string(i) + "\"}";
            ASSERT_TRUE(grid_.commit({grid_.put("r/" + std::to_string(below(100)), document)}));
            grid_.grid.publish();
        }
        grid_.grid.compact();
        grid_.forget();
    }
    const auto& entry = grid_.segment.header().indexes[0];
    EXPECT_LE(entry.values.load(), 100U);
    EXPECT_LE(entry.postings.load(), 100U);
    history_.clear();
    history_.emplace(grid_.grid.published(), now_);
    remove_index();
    finish_index_work();
    expect_nothing_lost();
}

class SmallGridIndex : public SecondaryIndex {
protected:
    SmallGridIndex() : SecondaryIndex(8ULL << 20) {}
};

/// An index never makes a commit fail. It resumes when memory is available again.
TEST_F(SmallGridIndex, IsSuspendedWithoutMemoryAndComesBack) {
    add_index();
    finish_index_work();
    ASSERT_EQ(state(), shm::IndexState::ready);
    std::size_t written = 0;
    const std::string filler(200, 'x');
    while (true) {
        const std::string document =
            R"({"v":)" + std::to_string(written) + R"(,"f":")" + filler + "\"}";
        const auto made = grid_.commit({grid_.put("r/" + std::to_string(written), document)});
        if (!made) {
            EXPECT_EQ(made.error().error, Errc::grid_full);
            break;
        }
        ++written;
        grid_.grid.publish();
        grid_.grid.turn_indexes();
        grid_.grid.reclaim();
        grid_.forget();
    }
    EXPECT_EQ(state(), shm::IndexState::suspended);
    EXPECT_FALSE(find(any_range(), grid_.grid.published()));
    for (std::size_t i = 100; i < written; ++i) {
        ASSERT_TRUE(grid_.commit({grid_.remove("r/" + std::to_string(i))}));
        grid_.grid.publish();
        grid_.grid.compact();
        grid_.forget();
    }
    for (int second = 2; second < 100 && state() != shm::IndexState::ready; ++second) {
        grid_.at_ms(1000ULL * static_cast<std::uint64_t>(second));
        grid_.grid.turn_indexes();
        finish_index_work();
    }
    ASSERT_EQ(state(), shm::IndexState::ready);
    const ValueRange all{std::string(ValueKey::numbers_begin()),
                         std::string(ValueKey::strings_begin()), true, false};
    EXPECT_EQ(find(all, grid_.grid.published())->size(), 100U);
}

TEST(ValueKey, OrdersAsValuesDo) {
    // Ascending. Values on the same line are equal.
    const std::vector<std::vector<std::string>> lines{
        {"null"},
        {"false"},
        {"true"},
        {"-1e308"},
        {"-9223372036854775808"},
        {"-9223372036854775807"},
        {"-1.5"},
        {"-1", "-1.0"},
        {"-0.5"},
        {"0", "-0.0", "0.0"},
        {"5e-324"},
        {"1", "1.0", "1e0"},
        {"9007199254740992", "9007199254740992.0"},
        {"9007199254740993"},
        {"9223372036854775807"},
        {"9223372036854775808", "9223372036854775808.0"},
        {"18446744073709551614"},
        {"18446744073709551615"},
        {"1e300"},
        {"\"\""},
        {"\"a\""},
        {"\"a\\u0000\""},
        {"\"a\\u0000b\""},
        {"\"ab\""},
        {"\"b\""},
        {"\"\u00fc\""},
        {"[]", "{}", "[1]"},
    };
    std::string last;
    for (const auto& line : lines) {
        std::set<std::string> keys;
        for (const std::string& json : line) {
            const Bytes document = document_from_json(json).value();
            keys.emplace(ValueKey::of(Value::of(document)).bytes());
        }
        ASSERT_EQ(keys.size(), 1U) << line.front();
        EXPECT_LT(last, *keys.begin()) << line.front();
        last = *keys.begin();
    }
}

TEST(ValueKey, LongStringsAreCut) {
    const std::string longest(limits::index_key_bytes_max - 2, 'x');
    EXPECT_FALSE(ValueKey::of_string(longest).is_cut());
    const ValueKey cut = ValueKey::of_string(longest + "y");
    EXPECT_TRUE(cut.is_cut());
    EXPECT_EQ(cut.bytes(), ValueKey::of_string(longest + "yz").bytes());
    EXPECT_LT(ValueKey::of_string(longest).bytes(), cut.bytes());
}

}  // namespace
}  // namespace ringside::broker
