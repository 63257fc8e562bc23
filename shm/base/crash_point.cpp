#include "shm/base/crash_point.hpp"

#ifdef RINGSIDE_CRASH_POINTS

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>

namespace ringside {

namespace {

/// Number of passes left until the process ends; 0 = never.
std::array<std::atomic<int>, crash_point_names.size()> left;

const bool is_armed = [] {
    const char* text = std::getenv("RINGSIDE_CRASH_AT");
    if (text == nullptr) return false;
    const std::string_view wanted(text);
    const std::size_t colon = wanted.find(':');
    for (std::size_t i = 0; i < crash_point_names.size(); ++i) {
        if (crash_point_names[i] == wanted.substr(0, colon)) {
            left[i] = std::atoi(text + colon + 1);
            return true;
        }
    }
    std::abort();  // no such point
}();

}  // namespace

void reach(CrashPoint point) {
    if (is_armed && --left[static_cast<std::size_t>(point)] == 0) kill(getpid(), SIGKILL);
}

}  // namespace ringside

#endif
