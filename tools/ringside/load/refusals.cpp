#include "tools/ringside/load/refusals.hpp"

#include <fmt/format.h>

#include "shm/base/printable.hpp"

namespace ringside::tools {

void Refusals::add(std::uint64_t line, const Error& error) {
    ++count_by_code_[error.code];
    if (++count_ > printed_max) return;
    fmt::print(stderr, "ringside: line {}: {}\n", line, printable(error.text()));
}

void Refusals::print_rest() const {
    if (count_ <= printed_max) return;
    std::string counts;
    for (const auto& [code, count] : count_by_code_) {
        counts += fmt::format("{}{} {}", counts.empty() ? "" : ", ", count, name(code));
    }
    fmt::print(stderr, "ringside: {} records refused ({}); showing the first {}\n", count_, counts,
               printed_max);
}

}  // namespace ringside::tools
