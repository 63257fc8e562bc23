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
    memory.descriptor_ = memfd_create("ringside-session", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (memory.descriptor_ < 0) return failure("memfd_create");
    if (ftruncate(memory.descriptor_, static_cast<off_t>(shm::session_memory_bytes)) != 0) {
        return failure("ftruncate of a session's memory");
    }
    constexpr int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
    if (fcntl(memory.descriptor_, F_ADD_SEALS, seals) != 0) {
        return failure("sealing a session's memory");
    }
    void* base = mmap(nullptr, shm::session_memory_bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
                      memory.descriptor_, 0);
    if (base == MAP_FAILED) return failure("mapping a session's memory");
    memory.base_ = static_cast<std::byte*>(base);
    return memory;
}

SessionMemory::SessionMemory(SessionMemory&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      base_(std::exchange(other.base_, nullptr)) {}

SessionMemory& SessionMemory::operator=(SessionMemory&& other) noexcept {
    if (this != &other) {
        release();
        descriptor_ = std::exchange(other.descriptor_, -1);
        base_ = std::exchange(other.base_, nullptr);
    }
    return *this;
}

SessionMemory::~SessionMemory() { release(); }

void SessionMemory::close_descriptor() noexcept {
    if (descriptor_ >= 0) close(std::exchange(descriptor_, -1));
}

void SessionMemory::release() noexcept {
    close_descriptor();
    if (base_ != nullptr) munmap(std::exchange(base_, nullptr), shm::session_memory_bytes);
}

}  // namespace ringside::broker
