#pragma once

#include <ctime>
#include <optional>
#include <string>

#include "ringside/client.hpp"
#include "tools/gateway/grid/outcome.hpp"
#include "tools/gateway/http/conditions.hpp"

namespace ringside::gateway {

/// The state of a record that conditions are compared with.
struct RecordState {
    Version version = 0;
    Revision revision = 0;
    std::uint64_t updated_ns = 0;  ///< Unix time

    [[nodiscard]] std::time_t updated_s() const noexcept {
        return static_cast<std::time_t>(updated_ns / 1'000'000'000);
    }
};

/// The conditions of a request for a record.
///
/// An entity tag consists of the revision and the time of the record's last commit: `1234-18a5c…`.
/// A record that is removed and recreated gets another revision. A grid that starts empty counts
/// revisions from 1 again, but at a later time. The previous release used versions as tags, which
/// repeat: `"7"` is still accepted in If-Match, and in If-None-Match of a write. It never leads to
/// 304, so that no client keeps a stale document.
class Preconditions {
public:
    using Verdict = Conditions::Verdict;

    Preconditions() = default;
    /// Problem: 400.
    static Outcome<Preconditions> parse(const Request& request);

    [[nodiscard]] bool empty() const noexcept { return conditions_.empty(); }
    /// `record` is empty if there is no such record.
    [[nodiscard]] Verdict evaluate(const std::optional<RecordState>& record) const;
    /// The entity tag of the response to `Verdict::not_modified`.
    [[nodiscard]] std::string known_tag(const RecordState& record) const;

private:
    Conditions conditions_;
    bool is_read_ = false;
    bool takes_gzip_ = true;  ///< whether tags of the gzip representation match
};

/// Without quotation marks.
[[nodiscard]] std::string entity_tag(Revision revision, std::uint64_t updated_ns);

}  // namespace ringside::gateway
