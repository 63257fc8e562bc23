#include <gtest/gtest.h>
#include <sys/mman.h>

#include <array>
#include <atomic>
#include <functional>
#include <new>
#include <optional>
#include <vector>

#include "ringside/client.hpp"
#include "tests/support/child.hpp"
#include "tests/support/test_grid.hpp"

/// Readers in other processes see each write that was acknowledged before their read, and do read.
namespace ringside {
namespace {

using testing::Child;
using testing::eventually;
using testing::TestGrid;

/// Data that the processes share besides the grid.
struct Freshness {
    std::atomic<std::int64_t> acknowledged = 0;
    std::atomic<bool> is_done = false;
    std::array<std::atomic<int>, 4> distinct{};  ///< values seen by each reader
};

/// Freshness data in memory that forked processes share.
class SharedFreshness {
public:
    SharedFreshness()
        : place_(mmap(nullptr, sizeof(Freshness), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0)),
          shared_(new (place_) Freshness) {}
    ~SharedFreshness() { munmap(place_, sizeof(Freshness)); }
    SharedFreshness(const SharedFreshness&) = delete;
    SharedFreshness& operator=(const SharedFreshness&) = delete;
    Freshness* operator->() const noexcept { return shared_; }

private:
    void* place_;
    Freshness* shared_;
};

using Look = std::function<std::optional<std::int64_t>(const Client&)>;

const std::vector<Look> looks = {
    [](const Client& client) -> std::optional<std::int64_t> {
        const auto record = client.get("n");
        if (!record) return std::nullopt;
        return record->document().as_int64();
    },
    [](const Client& client) -> std::optional<std::int64_t> {
        std::optional<std::int64_t> value;
        const std::vector<std::string_view> names{"n"};
        const auto got = client.get_many(names, [&](std::size_t, const RecordView* record) {
            if (record != nullptr) value = record->document().as_int64();
        });
        return got ? value : std::nullopt;
    },
    [](const Client& client) -> std::optional<std::int64_t> {
        const auto record = client.snapshot().value().get("n");
        if (!record) return std::nullopt;
        return record->document().as_int64();
    },
    [](const Client& client) -> std::optional<std::int64_t> {
        std::optional<std::int64_t> value;
        client.snapshot()
            .value()
            .scan("n",
                  [&](const RecordView& record) {
                      value = record.document().as_int64();
                      return true;
                  })
            .value();
        return value;
    },
};

TEST(Freshness, EveryKindOfReadSeesTheLastAcknowledgedWrite) {
    constexpr int distinct_min = 200;
    const TestGrid grid;
    const SharedFreshness shared;
    Client writer = Client::attach({.grid = grid.name(), .timeout = testing::soon}).value();
    writer.put("n", "0").value();
    std::vector<Child> readers;
    for (std::size_t i = 0; i < looks.size(); ++i) {
        readers.emplace_back([&, i] {
            const Client client =
                Client::attach({.grid = grid.name(), .timeout = testing::soon}).value();
            std::int64_t last = -1;
            for (bool is_last = false; !is_last;) {
                is_last = shared->is_done;  // then one more read must see the last write
                const std::int64_t least = shared->acknowledged;
                const auto value = looks[i](client);
                ASSERT_TRUE(value);
                ASSERT_GE(*value, least) << "a write that was acknowledged before is not seen";
                ASSERT_GE(*value, last);
                if (*value != last) ++shared->distinct[i];
                last = *value;
            }
            EXPECT_EQ(last, shared->acknowledged);
        });
    }
    std::int64_t number = 0;
    EXPECT_TRUE(eventually([&] {
        for (int i = 0; i < 100; ++i) {
            writer.put("n", std::to_string(++number)).value();
            shared->acknowledged = number;
        }
        for (const auto& distinct : shared->distinct) {
            if (distinct < distinct_min) return false;
        }
        return true;
    }));
    shared->is_done = true;
    for (Child& reader : readers) EXPECT_TRUE(reader.join());
}

}  // namespace
}  // namespace ringside
