#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>

namespace ringside::bench {

/// Processor time of all threads of a process so far, in steps of 10 ms.
[[nodiscard]] inline double cpu_ns_of(pid_t process) {
    std::ifstream file("/proc/" + std::to_string(process) + "/stat");
    std::string line;
    std::getline(file, line);
    // The program name may contain anything and ends with a parenthesis. The times are the twelfth
    // and thirteenth words after it.
    std::istringstream words(line.substr(line.rfind(')') + 1));
    std::string word;
    for (int i = 0; i < 11; ++i) words >> word;
    double user = 0;
    double system = 0;
    if (!(words >> user >> system))
        throw std::runtime_error("cannot read the CPU times of a process");
    return (user + system) * 1e9 / static_cast<double>(sysconf(_SC_CLK_TCK));
}

[[nodiscard]] inline std::uint64_t resident_bytes_of(pid_t process) {
    std::ifstream file("/proc/" + std::to_string(process) + "/statm");
    std::uint64_t total = 0;
    std::uint64_t resident = 0;
    file >> total >> resident;
    return resident * 4096;
}

/// Private resident memory: neither shared memory nor files.
[[nodiscard]] inline std::uint64_t own_bytes_of(pid_t process) {
    std::ifstream file("/proc/" + std::to_string(process) + "/status");
    for (std::string word; file >> word;) {
        std::uint64_t kilobytes = 0;
        if (word == "RssAnon:" && file >> kilobytes) return kilobytes * 1024;
    }
    throw std::runtime_error("cannot read the memory of process " + std::to_string(process));
}

}  // namespace ringside::bench
