#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tools/gateway/http/message.hpp"

/// Checks that apply to every request, whichever resource it addresses.
namespace ringside::gateway {

/// The parameter with credentials (RFC 6750, 2.3).
inline constexpr const char* access_token = "access_token";

/// Whether two texts are equal without regard to case, as names of hosts are compared.
[[nodiscard]] bool is_same_text(std::string_view left, std::string_view right) noexcept;

/// Returns 400 for a repeated field that is not a list: the gateway would use one line, and a front
/// end might have checked the other (RFC 9110, 5.3).
[[nodiscard]] std::optional<Problem> check_fields(const Request& request);

/// Returns 415 for content with a content coding, and 400 for partial content: stored unchanged, it
/// would not be what the client means (RFC 9110, 8.4 and 14.5).
[[nodiscard]] std::optional<Response> check_content(const Request& request);

/// Returns 400 for conditions in the header of a request that cannot have any.
[[nodiscard]] std::optional<Problem> refuse_conditions(const Request& request);

/// Returns true for the resource that runs SQL.
[[nodiscard]] bool is_query(const Request& request) noexcept;

/// Returns true if a page of another origin embeds the resource, for example as an image or a frame
/// (Fetch metadata). Such a page cannot read the response, but each view of the page would cost a
/// query. A link that the user follows is permitted.
[[nodiscard]] bool is_embedded_elsewhere(const Request& request);

/// The target for the log: shortened, and without credentials.
[[nodiscard]] std::string shown_target(const Request& request);

}  // namespace ringside::gateway
