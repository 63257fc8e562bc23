#include <gtest/gtest.h>
#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "ringside/client.hpp"
#include "shm/segment/segment.hpp"
#include "tests/support/child.hpp"
#include "tests/support/test_grid.hpp"

/// Clients and the objects they created, whose threads, brokers and processes end in any order.
namespace ringside {
namespace {

using std::chrono::milliseconds;
using testing::Child;
using testing::eventually;
using testing::TestGrid;

std::size_t open_descriptors() {
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

/// Returns the number of sessions that the broker serves now.
std::uint64_t open_sessions(const TestGrid& grid) {
    const shm::Segment segment = shm::Segment::open(grid.name()).value();
    return segment.header().counters.sessions_open.load();
}

Client attached_to(const TestGrid& grid) {
    return Client::attach({.grid = grid.name(), .timeout = testing::soon}).value();
}

/// Runs `work` in a child process, which then exits as `main` does, with the destructors of its
/// static objects. Returns the exit status.
int status_of_exit_after(const std::function<void()>& work) {
    const pid_t child = fork();
    if (child == 0) {
        work();
        std::exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return status;
}

TEST(Lifetime, EndedClientsReleaseTheirSessionsInALivingThread) {
    const TestGrid grid;
    Client watcher = attached_to(grid);
    watcher.put("a", "1").value();
    const std::size_t before = open_descriptors();
    for (int i = 0; i < 50; ++i) {
        Client client = attached_to(grid);
        client.put("a", std::to_string(i)).value();
        EXPECT_TRUE(client.get("a"));
    }
    EXPECT_EQ(open_descriptors(), before);
    EXPECT_TRUE(eventually([&] { return open_sessions(grid) == 1; }));
}

TEST(Lifetime, EndingClientReleasesTheLanesOfIdleThreads) {
    const TestGrid grid;
    Client watcher = attached_to(grid);
    watcher.put("a", "1").value();
    const std::size_t before = open_descriptors();
    auto client = std::make_unique<Client>(attached_to(grid));
    std::atomic<int> used = 0;
    std::atomic<bool> stop = false;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            EXPECT_TRUE(client->get("a"));
            ++used;
            used.notify_one();
            stop.wait(false);
        });
    }
    for (int seen = used; seen < 4; seen = used) used.wait(seen);
    client.reset();
    EXPECT_EQ(open_descriptors(), before);
    EXPECT_TRUE(eventually([&] { return open_sessions(grid) == 1; }));
    stop = true;
    stop.notify_all();
    for (std::thread& thread : threads) thread.join();
}

TEST(Lifetime, ARecordOutlivesItsClient) {
    const TestGrid grid;
    Client watcher = attached_to(grid);
    watcher.put("a", R"({"x":[1,2,3]})").value();
    auto client = std::make_unique<Client>(attached_to(grid));
    auto record = std::make_optional(client->get("a").value());
    client.reset();
    EXPECT_EQ(to_json(record->document()), R"({"x":[1,2,3]})");
    EXPECT_TRUE(record->check());
    record.reset();
    EXPECT_TRUE(eventually([&] { return open_sessions(grid) == 1; }));
}

TEST(Lifetime, AClientWhoseBrokerEndedDoesNotHarmAnotherOne) {
    TestGrid grid;
    const auto options = [&] {
        return ClientOptions{.grid = grid.name(), .timeout = milliseconds(0)};
    };
    // Freed memory is overwritten, so that its use is detected.
    Child child([&] {
        mallopt(M_PERTURB, 0xa5);
        const Client a = Client::attach(options()).value();
        const Client b = Client::attach(options()).value();
        EXPECT_EQ(a.get("x").error(), Errc::not_found);
        attached_to(grid).put("ready", "1").value();
        raise(SIGSTOP);
        EXPECT_FALSE(a.get("x"));
        EXPECT_FALSE(b.get("x")) << "its first lane in this thread";
        EXPECT_FALSE(a.get("x"));
        EXPECT_FALSE(b.get("x"));
    });
    const Client client = attached_to(grid);
    ASSERT_TRUE(eventually([&] { return client.get("ready").has_value(); }));
    grid.stop();
    child.signal(SIGCONT);
    EXPECT_TRUE(child.join());
}

/// Writes a record in its destructor.
struct LastWord {
    explicit LastWord(Client of, std::string name_of)
        : client(std::move(of)), name(std::move(name_of)) {}
    ~LastWord() {
        if (!client.put(name, R"({"last":"word"})") || !client.get(name)) _exit(9);
    }
    LastWord(const LastWord&) = delete;
    LastWord& operator=(const LastWord&) = delete;
    Client client;
    std::string name;
};

TEST(Lifetime, AClientWorksInTheDestructorOfAStaticObject) {
    const TestGrid grid;
    EXPECT_EQ(status_of_exit_after([&] {
                  static const LastWord last(attached_to(grid), "last");
                  EXPECT_FALSE(last.client.get("none"));
              }),
              0);
    EXPECT_TRUE(attached_to(grid).get("last"));
}

TEST(Lifetime, AClientWorksInTheDestructorOfAThreadLocalObject) {
    const TestGrid grid;
    Child child([&] {
        std::thread([&] {
            thread_local std::optional<LastWord> last;
            last.emplace(attached_to(grid), "last");
            Client other = attached_to(grid);
            other.put("first", "1").value();
        }).join();
    });
    EXPECT_TRUE(child.join());
    EXPECT_TRUE(attached_to(grid).get("last"));
}

/// Like a static object that is destroyed after the pipeline.
struct CheckedAtExit {
    ~CheckedAtExit() {
        if (answers != 10) _exit(9);
    }
    int answers = 0;
};

TEST(Lifetime, APipelineInAStaticObjectGetsItsAnswers) {
    const TestGrid grid;
    EXPECT_EQ(status_of_exit_after([&] {
                  static CheckedAtExit checked;
                  static std::optional<Client> client(attached_to(grid));
                  static std::optional<Pipeline> pipeline(
                      client
                          ->pipeline({.on_reply =
                                          [](std::uint64_t, const Result<WriteResult>& r) {
                                              checked.answers += r.has_value() ? 1 : 100;
                                          }})
                          .value());
                  for (int i = 0; i < 10; ++i) {
                      pipeline->put("p/" + std::to_string(i), "1").value();
                  }
              }),
              0);
    const Client client = attached_to(grid);
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(client.get("p/" + std::to_string(i)));
}

TEST(Lifetime, PipelineOfAnEndedThreadReportsIt) {
    const TestGrid grid;
    Client client = attached_to(grid);
    std::optional<Pipeline> pipeline;
    std::thread([&] {
        pipeline.emplace(client.pipeline().value());
        pipeline->put("a", "1").value();
    }).join();
    EXPECT_EQ(pipeline->flush().error(), Errc::connection_lost);
    EXPECT_EQ(pipeline->pending(), 0U);
    pipeline->put("b", "1").value();
    EXPECT_TRUE(pipeline->flush());
    EXPECT_TRUE(client.get("b"));
}

}  // namespace
}  // namespace ringside
