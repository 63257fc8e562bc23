#include "fork.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <pthread.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "ringside/client.hpp"
#include "tests/support/child.hpp"
#include "tests/support/test_grid.hpp"

/// Children forked from a process with clients.
namespace ringside {
namespace {

using std::chrono::seconds;
using testing::Child;
using testing::TestGrid;

std::atomic<bool> fork_has_begun = false;

TEST(Fork, AMutexThatAnotherThreadHoldsIsFreeInTheChild) {
    detail::ForkSafeMutex mutex;
    // Called before the handlers that were registered earlier, such as those of the mutex.
    pthread_atfork(
        [] {
            fork_has_begun = true;
            fork_has_begun.notify_all();
        },
        nullptr, nullptr);
    std::atomic<bool> is_held = false;
    std::thread other([&] {
        const std::lock_guard lock(mutex);
        is_held = true;
        is_held.notify_all();
        fork_has_begun.wait(false);
    });
    is_held.wait(false);
    Child child([&] {
        ASSERT_TRUE(mutex.try_lock());
        mutex.unlock();
    });
    EXPECT_TRUE(child.join());
    other.join();
}

TEST(Fork, ChildrenOfAProcessWithBusyThreadsCanUseItsClient) {
    const TestGrid grid;
    Client client = Client::attach({.grid = grid.name(), .timeout = testing::soon}).value();
    client.put("a", "1").value();
    std::atomic<bool> stop = false;
    std::vector<std::thread> threads;
    for (int i = 0; i < 2; ++i) {
        threads.emplace_back([&] {
            while (!stop) {
                static_cast<void>(client.revision());
                EXPECT_TRUE(client.snapshot());
            }
        });
    }
    for (int i = 0; i < 20; ++i) {
        Child child([&] {
            EXPECT_TRUE(client.get("a"));
            EXPECT_TRUE(client.put("b", "1"));
        });
        EXPECT_TRUE(child.join());
    }
    stop = true;
    for (std::thread& thread : threads) thread.join();
}

TEST(Fork, ChildContinuesAnInheritedWatch) {
    const TestGrid grid;
    Client client = Client::attach({.grid = grid.name(), .timeout = testing::soon}).value();
    Watch watch = client.watch("**", {.mode = WatchMode::every}).value();
    client.put("a", "1").value();
    const auto held = watch.next(seconds(60)).value();
    EXPECT_EQ(held.record.name(), "a");
    client.put("b", "2").value();
    const auto b_comes = [&] {
        const auto event = watch.next(seconds(60));
        ASSERT_TRUE(event) << event.error().text();
        EXPECT_EQ(event->kind, WatchKind::put);
        EXPECT_EQ(event->record.name(), "b");
        EXPECT_EQ(to_json(event->record.document()), "2");
    };
    Child child(b_comes);
    EXPECT_TRUE(child.join());
    EXPECT_EQ(to_json(held.record.document()), "1") << "the parent's pin is still set";
    b_comes();
}

TEST(Fork, AWatchsDescriptorIsTheChildsOwn) {
    const TestGrid grid;
    Client client = Client::attach({.grid = grid.name(), .timeout = testing::soon}).value();
    Watch watch = client.watch("**").value();
    const int descriptor = watch.descriptor().value();
    const auto is_readable = [descriptor](int time_ms) {
        pollfd ready{descriptor, POLLIN, 0};
        return poll(&ready, 1, time_ms) == 1;
    };
    client.put("a", "1").value();
    EXPECT_TRUE(is_readable(60'000));
    Child child([&] {
        const auto event = watch.next(seconds(60));
        ASSERT_TRUE(event);
        EXPECT_EQ(event->record.name(), "a");
        EXPECT_EQ(watch.poll().error(), Errc::would_block);
        Client own = Client::attach({.grid = grid.name(), .timeout = testing::soon}).value();
        own.put("a", "2").value();
        EXPECT_TRUE(is_readable(60'000)) << "a thread of the child's signals it";
        EXPECT_EQ(to_json(watch.next(seconds(60))->record.document()), "2");
    });
    EXPECT_TRUE(child.join());
    EXPECT_TRUE(is_readable(0)) << "the child has not taken the signal away";
    EXPECT_EQ(to_json(watch.next(seconds(60))->record.document()), "2");
}

TEST(Fork, AChildDoesNotKeepTheSessionOfItsParentOpen) {
    const TestGrid grid;
    const Client looks = Client::attach({.grid = grid.name(), .timeout = testing::soon}).value();
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    Child parent([&] {
        const Client client = Client::attach({.grid = grid.name(),
                                              .program = "parent",
                                              .user = "alice",
                                              .timeout = testing::soon})
                                  .value();
        EXPECT_EQ(client.get("none").error(), Errc::not_found);
        const pid_t child = fork();
        if (child == 0) {
            close(ends[1]);
            char byte = 0;
            static_cast<void>(!read(ends[0], &byte, 1));  // until the test ends
            _exit(0);
        }
        ASSERT_GT(child, 0);
        while (!client.get("$sys/presence/alice")) usleep(1000);
    });
    close(ends[0]);
    EXPECT_TRUE(parent.join());
    EXPECT_TRUE(testing::eventually(
        [&] { return looks.get("$sys/presence/alice").error() == Errc::not_found; }));
    close(ends[1]);
}

}  // namespace
}  // namespace ringside
