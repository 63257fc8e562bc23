#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "shm/base/descriptor.hpp"

namespace ringside::broker {

/// Reads entries in a forked process and passes them through a pipe. If damaged bytes make a
/// library crash or hang there, this process continues. The child has a single thread and a copy of
/// all state that it needs. It is abandoned if it sends nothing for a while: it may wait for a lock
/// whose owner was not copied by the fork.
/// Thread safety: one thread.
class UnverifiedReader {
public:
    struct Entry {
        std::string_view key;
        std::string_view value;
    };
    using Give = std::function<void(std::string_view key, std::string_view value)>;

    /// `read` passes on all entries, in the forked process. It returns whether it reached the end.
    explicit UnverifiedReader(const std::function<bool(const Give&)>& read);
    ~UnverifiedReader();
    UnverifiedReader(const UnverifiedReader&) = delete;
    UnverifiedReader& operator=(const UnverifiedReader&) = delete;

    /// Returns the next entry, valid until the next call, or none after the process has ended.
    [[nodiscard]] std::optional<Entry> next();

    /// Returns whether all entries were read. REQUIRES: `next` returned none.
    [[nodiscard]] bool is_at_end() const noexcept { return is_at_end_; }

private:
    [[nodiscard]] bool receive(void* into, std::size_t bytes) const;

    pid_t process_ = -1;
    Descriptor pipe_;
    std::string key_;
    std::string value_;
    bool is_at_end_ = false;
};

}  // namespace ringside::broker
