#pragma once

#include <utility>

#include "shm/base/descriptor.hpp"
#include "shm/base/errc.hpp"
#include "shm/lane/session_memory.hpp"

namespace ringside::broker {

/// The memory of one session, as the broker owns it: a memfd, sized and sealed, so that the client
/// it is passed to can neither shrink it under us nor grow it. The layout is in
/// shm/lane/session_memory.hpp.
class SessionMemory {
public:
    /// Errors: system_error (descriptors or address space are used up).
    static Result<SessionMemory> create();

    /// Memory that a former broker has made, as its client gives it back.
    /// Errors: bad_request (it is not such memory), system_error.
    static Result<SessionMemory> adopt(Descriptor descriptor);

    SessionMemory(SessionMemory&& other) noexcept;
    SessionMemory& operator=(SessionMemory&& other) noexcept;
    ~SessionMemory();

    [[nodiscard]] shm::SessionMemoryView view() const noexcept {
        return shm::SessionMemoryView(base_);
    }

    /// What the client gets. The memory stays mapped here without it.
    [[nodiscard]] Descriptor take_descriptor() noexcept { return std::move(descriptor_); }

private:
    SessionMemory() = default;
    Result<void> map();
    Descriptor descriptor_;
    std::byte* base_ = nullptr;
};

}  // namespace ringside::broker
