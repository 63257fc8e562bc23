#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "ringside/client.hpp"
#include "tests/support/test_grid.hpp"

/// Descriptors of many watches of one client.
namespace ringside {
namespace {

using namespace std::chrono_literals;

std::size_t threads_of_process() {
    const std::filesystem::directory_iterator all("/proc/self/task");
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

bool is_readable_within(int descriptor, int time_ms) {
    pollfd ready{descriptor, POLLIN, 0};
    return poll(&ready, 1, time_ms) == 1;
}

class WatchDescriptors : public ::testing::Test {
protected:
    static constexpr std::size_t watch_count = 100;

    void SetUp() override {
        for (std::size_t i = 0; i < watch_count; ++i) {
            watches_.push_back(client_.watch(name_of(i)).value());
            descriptors_.push_back(watches_.back().descriptor().value());
        }
        for (Watch& watch : watches_) EXPECT_EQ(watch.poll().error(), Errc::would_block);
    }
    static std::string name_of(std::size_t i) { return "r/" + std::to_string(i); }

    testing::TestGrid grid_;
    Client client_ = Client::attach({.grid = grid_.name(), .timeout = testing::soon}).value();
    const std::size_t threads_before_ = threads_of_process();
    std::vector<Watch> watches_;
    std::vector<int> descriptors_;
};

TEST_F(WatchDescriptors, DescriptorsOfAClientShareAThreadAndALane) {
    EXPECT_EQ(threads_of_process(), threads_before_ + 1);
    // Each writer takes one of the 64 lanes of a session.
    std::vector<std::thread> writers;
    for (std::size_t i = 0; i < 40; ++i) {
        writers.emplace_back([&, i] { EXPECT_TRUE(client_.put(name_of(i), "1")); });
    }
    for (std::thread& writer : writers) writer.join();
    for (std::size_t i = 0; i < 40; ++i) {
        EXPECT_TRUE(is_readable_within(descriptors_[i], 60'000)) << i;
        EXPECT_EQ(watches_[i].poll()->record.name(), name_of(i));
    }
    watches_.clear();
    EXPECT_TRUE(testing::eventually([&] { return threads_of_process() == threads_before_; }));
}

TEST_F(WatchDescriptors, DescriptorsAreSignalledForTheirSubjects) {
    // Each round changes one name. The names share 16 bits, and most watches have another bit.
    for (int round = 0; round < 20; ++round) {
        client_.put(name_of(0), std::to_string(round)).value();
        ASSERT_TRUE(is_readable_within(descriptors_[0], 60'000));
        ASSERT_EQ(watches_[0].poll()->record.name(), name_of(0));
        ASSERT_EQ(watches_[0].poll().error(), Errc::would_block);
    }
    const auto readable = std::count_if(descriptors_.begin(), descriptors_.end(),
                                        [](int one) { return is_readable_within(one, 0); });
    EXPECT_LT(readable, static_cast<std::ptrdiff_t>(watch_count) / 2);
}

TEST_F(WatchDescriptors, DescriptorsAreSignalledWhenTheGridIsRecreated) {
    grid_.stop();
    EXPECT_TRUE(testing::eventually([&] {
        EXPECT_EQ(watches_[0].poll().error(), Errc::would_block);
        return !is_readable_within(descriptors_[0], 0);
    })) << "an event loop has nothing to do while there is no grid";
    grid_.start();
    for (std::size_t i = 0; i < watch_count; ++i) {
        ASSERT_TRUE(testing::eventually([&] {
            if (!is_readable_within(descriptors_[i], 1000)) return false;
            const auto event = watches_[i].poll();
            return event && event->kind == WatchKind::lagged;
        }));
    }
    client_.put(name_of(7), "1").value();
    EXPECT_TRUE(testing::eventually([&] {
        if (!is_readable_within(descriptors_[7], 1000)) return false;
        const auto event = watches_[7].poll();
        return event && event->record.name() == name_of(7);
    }));
}

}  // namespace
}  // namespace ringside
