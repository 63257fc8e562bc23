#include <gtest/gtest.h>
#include <sys/mman.h>

#include <array>
#include <atomic>
#include <new>

#include "ringside/client.hpp"
#include "tests/support/child.hpp"
#include "tests/support/judge.hpp"
#include "tests/support/seeded_test.hpp"
#include "tests/support/test_grid.hpp"

/// Providers, callers, listeners and watchers are killed at random and restarted, and sometimes the
/// broker too. Each records what it observed in shared memory.
namespace ringside {
namespace {

using namespace testing;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr std::size_t providers = 3;
constexpr std::size_t callers = 3;
constexpr std::size_t listeners = 2;
constexpr std::size_t watchers = 3;
constexpr std::size_t subjects = 4;
constexpr std::size_t calls_max = 1U << 22;

/// Notes in shared memory, initially zero.
struct Notes {
    std::atomic<std::uint32_t> calls;
    std::array<std::atomic<std::uint8_t>, calls_max> carried_out;  ///< executions, by call
    std::atomic<std::uint32_t> answered;
    std::atomic<std::uint32_t> wrong;  ///< answers of other calls, and impossible errors
    std::atomic<std::uint32_t> late;   ///< outcomes so late that the call must have hung
    /// Whether a listener provides a subject, according to its notifications.
    std::array<std::array<std::atomic<bool>, subjects>, listeners> provides;
    std::array<std::atomic<std::uint32_t>, watchers> watched;  ///< subject + 1; 0 = none yet
};

/// Repeats an operation that fails while there is no broker.
template <class Try>
auto at_last(const Try& attempt) {
    auto made = attempt();
    while (!made) made = attempt();
    return std::move(*made);
}

std::string subject_name(std::uint64_t subject) { return "feed/" + std::to_string(subject); }

class MessagingKills : public SeededTest {
protected:
    static constexpr auto call_time = 2s;

    ~MessagingKills() override {
        processes_.clear();
        munmap(notes_, sizeof(Notes));
    }

    [[noreturn]] void provide() const {
        Client client = attach();
        Provider provider = at_last([&] { return client.provide("work/*"); });
        for (;;) {
            auto call = provider.next(1s);
            if (!call) continue;
            const auto number = call->document().as_uint64().value();
            ++notes_->carried_out.at(number);
            static_cast<void>(call->answer(std::to_string(number)));
        }
    }

    [[noreturn]] void call() const {
        Client client = attach();
        for (;;) {
            const std::uint32_t number = ++notes_->calls;
            const auto began = Clock::now();
            const auto answer = client.call("work/" + std::to_string(number % 7),
                                            std::to_string(number), {.timeout = call_time});
            if (Clock::now() - began > call_time + soon) ++notes_->late;
            const bool is_right =
                answer ? !answer->is_failure && answer->document.root().as_uint64() == number
                       : may_be(answer.error().code);
            if (!is_right) ++notes_->wrong;
            if (answer) ++notes_->answered;
        }
    }

    [[noreturn]] void listen(std::size_t slot) const {
        Client client = attach();
        Listener listener = at_last([&] { return client.listen("feed/*"); });
        for (;;) {
            const auto interest = listener.next(1s);
            if (!interest) continue;
            const std::size_t subject = static_cast<std::size_t>(interest->subject.back() - '0');
            const bool is_wanted = interest->kind == InterestKind::wanted;
            notes_->provides[slot].at(subject) = is_wanted;
            if (is_wanted) static_cast<void>(listener.accept(*interest));
        }
    }

    [[noreturn]] void watch(std::size_t slot, std::uint64_t subject) const {
        Client client = attach();
        Watch watched = at_last([&] { return client.watch(subject_name(subject)); });
        notes_->watched[slot] = static_cast<std::uint32_t>(subject + 1);
        for (;;) static_cast<void>(watched.next(1s));
    }

    void begin() {
        for (std::size_t i = 0; i < providers + callers + listeners + watchers; ++i) {
            processes_.push_back(nullptr);
            begin(i);
        }
    }
    /// Kills the process in a place, if any, and starts a new one there.
    void begin(std::size_t place) {
        processes_[place] = nullptr;
        std::function<void()> work = [this] { provide(); };
        std::size_t slot = place;
        if (slot >= providers) work = [this] { call(); };
        if (slot >= providers + callers && (slot -= providers + callers) < listeners) {
            for (auto& provided : notes_->provides[slot]) provided = false;
            work = [this, slot] { listen(slot); };
        } else if (place >= providers + callers + listeners) {
            slot -= listeners;
            notes_->watched[slot] = 0;
            work = [this, slot, subject = random_.below(subjects)] { watch(slot, subject); };
        }
        processes_[place] = std::make_unique<Child>(work);
    }

    /// Returns whether each watched subject has exactly one listener, and no other subject has any.
    [[nodiscard]] bool is_provided_as_watched(const Client& client) const {
        for (std::uint64_t subject = 0; subject < subjects; ++subject) {
            bool is_watched = false;
            for (const auto& watched : notes_->watched) {
                if (watched == 0) return false;
                is_watched |= watched == subject + 1;
            }
            int by = 0;
            for (const auto& listener : notes_->provides) by += listener.at(subject) ? 1 : 0;
            const auto shown = client.has_provider(subject_name(subject));
            if (!shown || *shown != is_watched || by != (is_watched ? 1 : 0)) return false;
        }
        return true;
    }

    /// Returns the number of records that the grid keeps for sessions.
    [[nodiscard]] static std::size_t system_records(const Client& client) {
        std::size_t count = 0;
        const auto scanned = client.snapshot()->scan("$sys/**", [&](const RecordView&) {
            ++count;
            return true;
        });
        return scanned ? count : ~std::size_t{0};
    }

    void run(int rounds, int kills_per_round) {
        begin();
        Client client = attach();
        for (int round = 0; round < rounds && !HasFailure(); ++round) {
            for (int kill = 0; kill < kills_per_round; ++kill) {
                usleep(static_cast<useconds_t>(random_.below(6000)));
                begin(random_.below(processes_.size()));
            }
            if (round % 5 == 4) {
                grid_.kill_broker();
                grid_.start();
            }
            const std::uint32_t before = notes_->answered;
            EXPECT_TRUE(eventually([&] { return notes_->answered > before + 10; }))
                << "round " << round << ": calls are no longer answered";
            EXPECT_TRUE(eventually([&] { return is_provided_as_watched(client); }))
                << "round " << round;
        }
        for (auto& process : processes_) process = nullptr;
        // This test's own session declares nothing, so it has no record.
        EXPECT_TRUE(eventually([&] { return system_records(client) == 0; }))
            << system_records(client) << " of dead sessions are left";
        EXPECT_EQ(notes_->wrong, 0U);
        EXPECT_EQ(notes_->late, 0U);
        for (std::uint32_t i = 1; i <= notes_->calls; ++i) {
            ASSERT_LE(notes_->carried_out.at(i), 1U) << "call " << i;
        }
    }

private:
    [[nodiscard]] Client attach() const { return attach_at_last(grid_.name()); }

    /// Returns whether an error is possible for a call whose provider or broker may be dead.
    static bool may_be(Errc code) {
        return code == Errc::no_provider || code == Errc::provider_lost ||
               code == Errc::timed_out || code == Errc::connection_lost;
    }

    // Listeners that a busy machine delayed beyond their time limit are asked again soon.
    TestGrid grid_{{"--memory", "64MiB", "--rematch-interval-ms", "500"}};
    Random random_ = random(0);
    Notes* notes_ = new (mmap(nullptr, sizeof(Notes), PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS, -1, 0)) Notes;
    std::vector<std::unique_ptr<Child>> processes_;
};

TEST_F(MessagingKills, CallsEndOnceAndOnlyWatchedSubjectsAreProvided) { run(10, 100); }

using LongMessagingKills = MessagingKills;
TEST_F(LongMessagingKills, Thousands) { run(60, 200); }

}  // namespace
}  // namespace ringside
