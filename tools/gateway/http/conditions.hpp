#pragma once

#include <ctime>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/gateway/grid/outcome.hpp"
#include "tools/gateway/http/message.hpp"

namespace ringside::gateway {

/// RFC 9110, 8.8.3.
struct EntityTag {
    std::string text;  ///< without quotation marks
    bool is_weak = false;
};

/// The value of If-Match or If-None-Match.
struct EntityTags {
    bool is_any = false;  ///< `*`
    std::vector<EntityTag> tags;

    /// Problem: 400 for a malformed or empty list.
    static Outcome<EntityTags> parse(std::string_view list);
};

/// The state of a representation that conditions are compared with.
struct Validators {
    /// Whether a tag matches the current representation. Called for weak tags only if the
    /// comparison is weak.
    std::function<bool(const EntityTag& tag)> has_tag;
    std::optional<std::time_t> modified;  ///< empty if unknown
    bool exists = true;
};

/// The conditions of a request (RFC 9110, 13.1). If-Range is ignored, as Range is.
struct Conditions {
    std::optional<EntityTags> match;
    std::optional<EntityTags> none_match;
    std::optional<std::time_t> unmodified_since;
    std::optional<std::time_t> modified_since;

    enum class Verdict : std::uint8_t {
        proceed,
        not_modified,  ///< 304; of GET and HEAD only
        failed         ///< 412
    };

    /// Reads all lines of the fields. Invalid and repeated dates are ignored.
    /// Problem: 400 for malformed entity tags.
    static Outcome<Conditions> parse(const Request& request);

    [[nodiscard]] bool empty() const noexcept {
        return !match && !none_match && !unmodified_since && !modified_since;
    }
    /// Evaluates in the order of RFC 9110, 13.2.2.
    /// REQUIRES: the request would succeed without conditions (13.2.1).
    [[nodiscard]] Verdict evaluate(const Validators& validators, bool is_read) const;
};

/// Derives the strong tag of the gzip representation from that of the identity. Both identify the
/// same state.
[[nodiscard]] std::string gzip_tag(std::string_view tag);

/// Whether a tag equals `current` or, if `takes_gzip`, the tag of its gzip representation.
[[nodiscard]] bool is_current(const EntityTag& tag, std::string_view current, bool takes_gzip);

/// The ETag of a 304: that of the representation which If-None-Match names.
[[nodiscard]] std::string known_tag(const Conditions& conditions, std::string_view current,
                                    bool takes_gzip);

}  // namespace ringside::gateway
