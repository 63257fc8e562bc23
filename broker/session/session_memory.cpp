#include "broker/session/session_memory.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace ringside::broker {

namespace {

Error failure(const char* what) {
    return {Errc::system_error, std::string(what) + ": " + std::strerror(errno)};
}

constexpr int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

}  // namespace

Result<SessionMemory> SessionMemory::create() {
    SessionMemory memory;
    memory.descriptor_ =
        Descriptor(memfd_create("ringside-session", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    const int descriptor = memory.descriptor_.get();
    if (descriptor < 0) return failure("memfd_create");
    if (ftruncate(descriptor, static_cast<off_t>(shm::session_memory_bytes)) != 0) {
        return failure("cannot size a session's memory");
    }
    if (fcntl(descriptor, F_ADD_SEALS, seals) != 0)
        return failure("cannot seal a session's memory");
    if (auto mapped = memory.map(); !mapped) return mapped.error();
    return memory;
}

Result<SessionMemory> SessionMemory::adopt(Descriptor descriptor) {
    struct stat there {};
    const bool is_whole = fstat(descriptor.get(), &there) == 0 &&
                          static_cast<std::uint64_t>(there.st_size) == shm::session_memory_bytes;
    // Without the seals, a client could shrink the memory while it is mapped here.
    if (!is_whole || fcntl(descriptor.get(), F_GET_SEALS) != seals) {
        return Error(Errc::bad_request, "the returned descriptor is not a session's memory");
    }
    SessionMemory memory;
    memory.descriptor_ = std::move(descriptor);
    if (auto mapped = memory.map(); !mapped) return mapped.error();
    memory.descriptor_ = Descriptor();  // the mapping stays valid without it
    return memory;
}

Result<void> SessionMemory::map() {
    void* base = mmap(nullptr, shm::session_memory_bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
                      descriptor_.get(), 0);
    if (base == MAP_FAILED) return failure("cannot map a session's memory");
    base_ = static_cast<std::byte*>(base);
    return {};
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
