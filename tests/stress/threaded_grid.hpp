#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "broker/engine/grid.hpp"
#include "shm/document/builder.hpp"
#include "shm/index/name_index.hpp"
#include "shm/pin/pin.hpp"
#include "shm/table/record_table.hpp"
#include "shm/version/visibility.hpp"

namespace ringside::testing {

/// A grid in one process, with threads in place of processes: one drives the engine, the others
/// read like clients. Document memory is plain. Only the protocol of the pins keeps documents
/// intact while they are read, and ThreadSanitizer checks exactly this.
class ThreadedGrid {
public:
    static constexpr std::size_t pins_max = 8;

    /// The side of the pin protocol that executes the fences. Production uses `engine`: the
    /// readers' fence is a compiler barrier, and the engine calls membarrier. ThreadSanitizer does
    /// not support that.
    enum class Fences { both, engine };

    explicit ThreadedGrid(broker::GridOptions options, Fences fences = Fences::both)
        : is_light(fences == Fences::engine),
          segment(shm::Segment::create_anonymous({.memory_bytes = 16ULL << 20, .ring_entries = 64})
                      .value()),
          grid(segment.view(),
               {.commit_memory = [](Offset, std::uint64_t) { return true; },
                .heavy_fence =
                    [this] {
                        // Otherwise, the accesses of pins and horizon are seq_cst.
                        if (is_light) shm::membarrier_all();
                    },
                .collect_pins = [this](std::vector<broker::HeldPin>& out) { collect(out); }},
               options) {}

    /// Runs the reader in its own thread until the engine has finished. `read` returns what is
    /// wrong with what it saw, or an empty string.
    void add_reader(std::function<std::string()> read) {
        readers_.emplace_back([this, read = std::move(read)] {
            while (!is_done_.load(std::memory_order_acquire)) {
                std::string wrong = read();
                if (wrong.empty()) continue;
                const std::lock_guard lock(mutex_);
                violations_.push_back(std::move(wrong));
                has_violations_.store(true, std::memory_order_release);
                return;
            }
        });
    }

    /// Runs this many turns in the calling thread while the readers read, then more until
    /// `is_enough()`: on a busy machine all turns may be over before a reader has run. Returns the
    /// readers' errors.
    std::vector<std::string> run(std::uint64_t turns, const std::function<void()>& turn,
                                 const std::function<bool()>& is_enough) {
        const auto give_up_at = std::chrono::steady_clock::now() + std::chrono::minutes(2);
        for (std::uint64_t taken = 0; taken < turns || !is_enough(); ++taken) {
            turn();
            if (has_violations_.load(std::memory_order_acquire)) break;
            if (taken >= turns && std::chrono::steady_clock::now() > give_up_at) break;
        }
        is_done_.store(true, std::memory_order_release);
        for (std::thread& reader : readers_) reader.join();
        return violations_;
    }

    [[nodiscard]] Revision published() const noexcept {
        return segment.header().commit.published.load(std::memory_order_acquire);
    }

    const bool is_light;
    shm::Segment segment;
    struct alignas(cache_line_bytes) Pin {
        shm::Word word{shm::no_pin};
    };
    std::array<Pin, pins_max> pins;
    broker::Grid grid;

private:
    void collect(std::vector<broker::HeldPin>& out) const {
        for (std::uint32_t i = 0; i < pins_max; ++i) {
            // seq_cst (E4): pairs with the readers' stores, R1 and R5.
            const std::uint64_t word = pins[i].word.load(std::memory_order_seq_cst);
            if (word == shm::no_pin) continue;
            out.push_back({.session_index = i,
                           .slot = 0,
                           .revision = word - 1,
                           .lease_ms = limits::pin_lease_ms_max});
        }
    }

    std::atomic<bool> is_done_{false};
    std::atomic<bool> has_violations_{false};
    std::vector<std::thread> readers_;
    std::mutex mutex_;
    std::vector<std::string> violations_;
};

/// One thread's pin, held from construction to destruction if it could be acquired.
class HeldPin {
public:
    /// Pins the newest revision.
    HeldPin(ThreadedGrid& grid, std::size_t number) : word_(&grid.pins[number].word) {
        do {
            revision_ = grid.published();
        } while (!shm::try_pin(*word_, revision_, grid.segment.header().horizon, grid.is_light));
        is_held_ = true;
    }
    /// Pins an older revision.
    HeldPin(ThreadedGrid& grid, std::size_t number, Revision revision)
        : word_(&grid.pins[number].word), revision_(revision) {
        is_held_ = shm::try_pin(*word_, revision, grid.segment.header().horizon, grid.is_light);
    }
    ~HeldPin() {
        if (is_held_) shm::unpin(*word_);
    }
    HeldPin(const HeldPin&) = delete;
    HeldPin& operator=(const HeldPin&) = delete;

    explicit operator bool() const noexcept { return is_held_; }
    [[nodiscard]] Revision revision() const noexcept { return revision_; }

private:
    shm::Word* word_;
    Revision revision_ = 0;
    bool is_held_ = false;
};

}  // namespace ringside::testing
