#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "shm/base/errc.hpp"

namespace ringside::gateway {

/// Why a request was not carried out, as its client is told: RFC 9457.
struct Problem {
    unsigned status = 500;
    std::string code;    ///< stable, for programs: the name of an Errc, or one of the gateway's own
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

    /// What an error of the grid comes to. `is_patch`: it was met while a patch was applied, where
    /// a path that is not there means that the patch does not fit the document.
    static Problem of(const Error& error, bool is_patch = false);

    [[nodiscard]] std::string to_json() const;
};

/// "Not Found" of 404; as in RFC 9110.
[[nodiscard]] std::string_view reason_of(unsigned status) noexcept;

}  // namespace ringside::gateway
