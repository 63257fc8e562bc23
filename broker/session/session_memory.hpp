#pragma once

#include <utility>

#include "shm/base/descriptor.hpp"
#include "shm/base/errc.hpp"
#include "shm/lane/session_memory.hpp"

namespace ringside::broker {

/// The memory of one session as owned by the broker: a sized and sealed memfd. The client that
/// receives it can neither shrink nor grow it. shm/lane/session_memory.hpp defines the layout.
class SessionMemory {
public:
    /// Errors: system_error (out of descriptors or address space).
    static Result<SessionMemory> create();

    /// Adopts memory created by a former broker and returned by its client.
    /// Errors: bad_request (not a session's memory), system_error.
    static Result<SessionMemory> adopt(Descriptor descriptor);

    SessionMemory(SessionMemory&& other) noexcept;
    SessionMemory& operator=(SessionMemory&& other) noexcept;
    ~SessionMemory();

    [[nodiscard]] shm::SessionMemoryView view() const noexcept {
        return shm::SessionMemoryView(base_);
    }

    /// Returns the descriptor for the client. The memory stays mapped here.
    [[nodiscard]] Descriptor take_descriptor() noexcept { return std::move(descriptor_); }

private:
    SessionMemory() = default;
    Result<void> map();
    Descriptor descriptor_;
    std::byte* base_ = nullptr;
};

}  // namespace ringside::broker
