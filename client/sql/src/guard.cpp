#include "guard.hpp"

#include <sqlite3.h>

#include "shm/base/limits.hpp"

namespace ringside::sql {

namespace {

/// SQLite counts for the whole process, so its other users in the process are charged as well.
std::size_t sqlite_bytes() noexcept { return static_cast<std::size_t>(sqlite3_memory_used()); }

}  // namespace

void Guard::begin(std::optional<Clock::time_point> deadline) noexcept {
    deadline_ = deadline;
    failure_.reset();
}

bool Guard::may_go_on() noexcept {
    if (failure_) return false;
    if (is_interrupted_.load(std::memory_order_relaxed)) fail(Errc::query_interrupted);
    else if (deadline_ && Clock::now() > *deadline_) fail(Errc::query_timed_out);
    else if (sqlite_bytes() + bytes_ > limits::sql_memory_bytes_max) {
        fail(Error(Errc::query_too_large, "memory"));
    }
    return !failure_;
}

bool Guard::take(std::size_t bytes) noexcept {
    bytes_ += bytes;
    return may_go_on();
}

void Guard::fail(Error error) {
    if (!failure_) failure_ = std::move(error);
}

}  // namespace ringside::sql
