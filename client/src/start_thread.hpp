#pragma once

#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "shm/base/errc.hpp"

namespace ringside::detail {

/// Starts `thread`. Error: system_error (the host refuses another thread now).
/// REQUIRES: not joinable.
template <class Work>
Result<void> start_thread(std::thread& thread, Work&& work) {
    try {
        thread = std::thread(std::forward<Work>(work));
        return {};
    } catch (const std::system_error& failure) {
        return Error(Errc::system_error, std::string("cannot start a thread: ") + failure.what());
    }
}

}  // namespace ringside::detail
