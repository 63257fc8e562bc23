#pragma once

#include <cstdint>
#include <map>

#include "shm/base/errc.hpp"

namespace ringside::tools {

/// Counts the records that a load refuses, and prints the first few of them to standard error.
class Refusals {
public:
    static constexpr std::uint64_t printed_max = 10;

    void add(std::uint64_t line, const Error& error);
    /// Prints how many there were by code, if not all of them were printed.
    void print_rest() const;
    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

private:
    std::uint64_t count_ = 0;
    std::map<Errc, std::uint64_t> count_by_code_;
};

}  // namespace ringside::tools
