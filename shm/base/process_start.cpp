#include "shm/base/process_start.hpp"

#include <unistd.h>

#include <fstream>
#include <iterator>
#include <sstream>

namespace ringside::shm {

std::uint64_t parse_process_start(const std::string& stat) {
    // The second field is the program's name in parentheses, which may contain any character.
    const std::size_t name_end = stat.rfind(')');
    if (name_end == std::string::npos) return 0;
    std::istringstream fields(stat.substr(name_end + 1));
    constexpr unsigned flags_field = 9;
    constexpr unsigned start_field = 22;
    constexpr std::uint64_t is_exiting = 4;  // PF_EXITING: its locks may already be free
    std::string state;
    fields >> state;
    if (state == "Z" || state == "X") return 0;
    std::string skipped;
    std::uint64_t flags = 0;
    std::uint64_t start = 0;
    for (unsigned field = 4; field < flags_field; ++field) fields >> skipped;
    fields >> flags;
    for (unsigned field = flags_field + 1; field < start_field; ++field) fields >> skipped;
    fields >> start;
    return !fields || (flags & is_exiting) != 0 ? 0 : start;
}

std::uint64_t process_start(pid_t pid) {
    // If /proc shows an outer PID namespace, the process's own number names a different process
    // there.
    const std::string name = pid == getpid() ? "self" : std::to_string(pid);
    std::ifstream file("/proc/" + name + "/stat");
    return parse_process_start(std::string(std::istreambuf_iterator<char>(file), {}));
}

}  // namespace ringside::shm
