#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include "bench/support/process.hpp"

namespace ringside::bench {

/// Moves all threads of a broker except its engine to core 0, where the clients are.
inline void leave_the_core_to_the_engine(pid_t broker) {
    const std::string tasks = "/proc/" + std::to_string(broker) + "/task";
    for (const auto& task : std::filesystem::directory_iterator(tasks)) {
        std::string name;
        std::ifstream(task.path() / "comm") >> name;
        pin_to(name == "engine" ? 1 : 0, std::stoi(task.path().filename()));
    }
}

}  // namespace ringside::bench
