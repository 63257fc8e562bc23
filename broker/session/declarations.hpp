#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "shm/lane/session_memory.hpp"
#include "shm/lane/untrusted.hpp"

namespace ringside::broker {

/// What a session has declared, as far as the broker has read it out of the session's memory.
/// Thread safety: the engine thread only.
class Declarations {
public:
    /// One that is gone or new; `place` tells those of a session apart.
    struct Change {
        std::uint32_t place = 0;
        std::uint32_t sequence = 0;
        shm::Declaration::Content before;
        shm::Declaration::Content now;
    };

    /// Whether there may be something to read.
    [[nodiscard]] bool has_changed(const shm::SessionMemoryView& memory) const noexcept {
        // SYNC declaration-changed: pairs with Attachment::announce_declarations().
        return shm::Untrusted<std::uint32_t>::load(memory.control().declarations_changed,
                                                   std::memory_order_acquire)
                   .any() != seen_;
    }

    /// Reads what has changed. Its cost is bounded by how many places there are.
    void review(const shm::SessionMemoryView& memory,
                const std::function<void(const Change&)>& on_change);

    /// What all of it takes of the broker's memory, about: copies of it, the records that tell of
    /// it, and what routes by it.
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

    /// Gives all that is declared as gone.
    void clear(const std::function<void(const Change&)>& on_change);

private:
    struct Place {
        std::uint32_t sequence = 0;
        shm::Declaration::Content content;
    };

    [[nodiscard]] static std::size_t bytes_of(const shm::Declaration::Content& content) noexcept;

    std::vector<Place> places_;
    std::size_t bytes_ = 0;
    std::uint32_t seen_ = 0;
};

}  // namespace ringside::broker
