#include "broker/session/session_memory.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace ringside::broker {

namespace {

Error failure(const char* what) {
    return {Errc::system_error, std::string(what) + ": " + std::strerror(errno)};
}

}  // namespace

Result<SessionMemory> SessionMemory::create() {
    SessionMemory memory;
    memory.descriptor_ =
        Descriptor(memfd_create("ringside-session", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    const int descriptor = memory.descriptor_.get();
    if (descriptor < 0) return failure("memfd_create");
    if (ftruncate(descriptor, static_cast<off_t>(shm::session_memory_bytes)) != 0) {
        return failure("ftruncate of a session's memory");
    }
    if (fcntl(descriptor, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
        return failure("sealing a session's memory");
    }
    void* base =
        mmap(nullptr, shm::session_memory_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (base == MAP_FAILED) return failure("mapping a session's memory");
    memory.base_ = static_cast<std::byte*>(base);
    return memory;
}

SessionMemory::SessionMemory(SessionMemory&& other) noexcept
    : descriptor_(std::move(other.descriptor_)), base_(std::exchange(other.base_, nullptr)) {}

SessionMemory& SessionMemory::operator=(SessionMemory&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    std::swap(base_, other.base_);
    return *this;
}

SessionMemory::~SessionMemory() {
    if (base_ != nullptr) munmap(base_, shm::session_memory_bytes);
}

}  // namespace ringside::broker
