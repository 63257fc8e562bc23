#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "shm/base/errc.hpp"

namespace ringside::gateway {

/// The error that a client gets for a failed request (RFC 9457).
struct Problem {
    unsigned status = 500;
    std::string code;    ///< stable, for programs: the name of an Errc, or of the gateway's own
                         ///< errors
    std::string detail;  ///< for people
    std::optional<std::chrono::seconds> retry_after;
    std::string member;  ///< a further member of the object, as JSON: `"failure":{…}`

    Problem() = default;
    Problem(unsigned its_status, std::string its_code, std::string its_detail,
            std::optional<std::chrono::seconds> its_retry_after = {})
        : status(its_status),
          code(std::move(its_code)),
          detail(std::move(its_detail)),
          retry_after(its_retry_after) {}

    /// Converts an error of the grid. `is_patch`: the error occurred while a patch was applied; a
    /// missing path then means that the patch does not fit the document.
    static Problem of(const Error& error, bool is_patch = false);

    [[nodiscard]] std::string to_json() const;
};

/// Returns "Not Found" for 404, as in RFC 9110.
[[nodiscard]] std::string_view reason_of(unsigned status) noexcept;

}  // namespace ringside::gateway
