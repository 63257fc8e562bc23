#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "shm/base/descriptor.hpp"

namespace ringside::broker {

/// Reads entries in a forked process and passes them on through a pipe: whatever damaged bytes make
/// a library do there, this process goes on. The fork has one thread and takes what it needs along;
/// it is given up when it says nothing for a while, for a lock that it waits for may never open.
/// Thread safety: one thread.
class UnverifiedReader {
public:
    struct Entry {
        std::string_view key;
        std::string_view value;
    };
    using Give = std::function<void(std::string_view key, std::string_view value)>;

    /// `read` gives all entries there are, in the forked process; true: it came to the end.
    explicit UnverifiedReader(const std::function<bool(const Give&)>& read);
    ~UnverifiedReader();
    UnverifiedReader(const UnverifiedReader&) = delete;
    UnverifiedReader& operator=(const UnverifiedReader&) = delete;

    /// The next entry, valid until the next call; nothing when the process has ended.
    [[nodiscard]] std::optional<Entry> next();

    /// Whether everything was given. REQUIRES: `next` gave nothing.
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
