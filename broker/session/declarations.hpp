#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "shm/lane/session_memory.hpp"
#include "shm/lane/untrusted.hpp"

namespace ringside::broker {

/// The declarations of a session, as last read from the session's memory.
/// Thread safety: the engine thread only.
class Declarations {
public:
    /// A removed or new declaration. `place` distinguishes the declarations of a session.
    struct Change {
        std::uint32_t place = 0;
        std::uint32_t sequence = 0;
        shm::Declaration::Content before;
        shm::Declaration::Content now;
    };

    /// Returns whether there might be changes to read.
    [[nodiscard]] bool has_changed(const shm::SessionMemoryView& memory) const noexcept {
        // SYNC declaration-changed: pairs with Attachment::announce_declarations().
        return shm::Untrusted<std::uint32_t>::load(memory.control().declarations_changed,
                                                   std::memory_order_acquire)
                   .any() != seen_;
    }

    /// Reads all changes. The cost is bounded by the number of places.
    void review(const shm::SessionMemoryView& memory,
                const std::function<void(const Change&)>& on_change);

    /// Estimated broker memory of all declarations: their table, their copies, the records that
    /// describe them, and the routing data.
    [[nodiscard]] std::size_t bytes() const noexcept {
        return bytes_ + places_.capacity() * sizeof(Place);
    }

    /// Reports every declaration as removed.
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
