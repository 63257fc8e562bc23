#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "query/live_state.hpp"
#include "ringside/client.hpp"

/// The memory that a live query accounts for must be the same after any history as for a query
/// rebuilt from the same records.
namespace ringside {
namespace {

using query::LiveState;
using query::Values;

/// Records with texts, both as a model and as a live query's state.
class LiveBytes {
public:
    explicit LiveBytes(const Query& query)
        : description_(LiveQuerySpec::of(query).value()), state_(LiveState::make(description_)) {
        state_->settle();
    }

    void put(const std::string& name, Values values) {
        state_->apply(name, &values);
        records_[name] = std::move(values);
    }
    void remove(const std::string& name) {
        state_->apply(name, nullptr);
        records_.erase(name);
    }
    /// Reports the changes to the query and compares the accounts.
    void check() {
        std::vector<LiveChange> changes;
        state_->collect(changes);
        const auto fresh = LiveState::make(description_);
        for (const auto& [name, values] : records_) fresh->apply(name, &values);
        fresh->settle();
        ASSERT_EQ(state_->bytes(), fresh->bytes());
        fresh->each([&](Row key, Row row) {
            const auto own = state_->find(key);
            ASSERT_TRUE(own);
            EXPECT_TRUE(std::ranges::equal(
                *own, row, [](const auto& a, const auto& b) { return a.is_identical(b); }));
        });
    }

private:
    const LiveQuerySpec description_;
    std::unique_ptr<LiveState> state_;
    std::map<std::string, Values> records_;
};

OwnedScalar text_of_size(std::size_t size) { return Scalar::string(std::string(size, 'x')); }

/// Adds, shrinks, grows and removes texts of 0 to 5,000 bytes.
void change_at_random(LiveBytes& live, std::size_t columns) {
    std::mt19937 random(1);
    for (int i = 0; i < 5000; ++i) {
        const std::string name = "r/" + std::to_string(random() % 20);
        if (random() % 8 == 0) {
            live.remove(name);
        } else {
            Values values;
            for (std::size_t column = 0; column < columns; ++column) {
                const std::size_t size = random() % 4 == 0 ? random() % 5000 : random() % 40;
                values.push_back(random() % 8 == 0 ? OwnedScalar() : text_of_size(size));
            }
            live.put(name, std::move(values));
        }
        if (i % 50 == 0) live.check();
        if (::testing::Test::HasFatalFailure()) return;
    }
    live.check();
    for (int i = 0; i < 20; ++i) live.remove("r/" + std::to_string(i));
    live.check();
}

TEST(LiveBytes, BytesOfRecordsEqualThoseOfTheirValues) {
    LiveBytes live(scan("r/*").select({"/a", "/b"}));
    change_at_random(live, 2);
}

TEST(LiveBytes, BytesOfGroupsEqualThoseOfTheirValues) {
    LiveBytes live(
        scan("r/*").group_by({"/a"}).aggregate({count(), min("/b"), max("/b"), distinct("/b")}));
    change_at_random(live, 2);
}

/// Equal values that differ in type and size: numbers, and arrays, which are all equal.
TEST(LiveBytes, EqualValuesThatDifferAreCountedUntilRemoved) {
    LiveBytes live(scan("r/*").aggregate({min("/a"), max("/a"), distinct("/a")}));
    std::vector<OwnedScalar> values{Scalar::integer(1), Scalar::real(1), Scalar::real(0.0),
                                    Scalar::real(-0.0), Scalar::boolean(true)};
    for (const int size : {1, 30, 300}) {
        const Document array =
            Document::parse("[" + std::string(300, ' ') + "\"" +
                            std::string(static_cast<std::size_t>(size), 'x') + "\"]")
                .value();
        values.push_back(OwnedScalar(Scalar::of(array.root())));
    }
    std::mt19937 random(2);
    for (int i = 0; i < 3000; ++i) {
        const std::string name = "r/" + std::to_string(random() % 6);
        if (random() % 4 == 0) live.remove(name);
        else live.put(name, {values[random() % values.size()]});
        live.check();
        if (::testing::Test::HasFatalFailure()) return;
    }
}

TEST(LiveBytes, LongTextReplacedByShortOnesDoesNotWrap) {
    LiveBytes live(scan("r/*").aggregate({min("/a"), max("/a")}));
    for (const std::size_t size : {100'000U, 20U, 21U, 0U, 16U}) {
        live.put("r/1", {text_of_size(size)});
        live.check();
    }
}

TEST(LiveBytes, ChangingTextsDoNotGrow) {
    LiveBytes live(scan("r/*").select({"/a"}));
    for (std::size_t i = 0; i < 100'000; ++i) live.put("r/1", {text_of_size(16 + i % 14)});
    live.check();
}

}  // namespace
}  // namespace ringside
