#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "ringside/client.hpp"

namespace ringside::kafka {

/// The position up to which a sink has sent the changes of a grid.
struct SinkPosition {
    Revision revision = 0;      ///< 0 if nothing was sent yet
    std::uint64_t boot_id = 0;  ///< the incarnation of the grid that the revision belongs to
};

/// The record `kafka/SINK/@position`: {"revision": R, "boot_id": "…", "member": "…"}.
///
/// Exactly one member owns the record. A member that loses it notices at its next write or check.
/// Thread safety: one thread at a time.
class PositionRecord {
public:
    /// `member` must be unique among processes and sinks.
    PositionRecord(Client& client, const std::string& sink, std::string member);

    /// Makes this member the owner, and returns the previous position. Errors: as `Client::get` and
    /// `Client::put`, after which the call may be repeated; condition_failed if another member has
    /// just written it; bad_document for a record that is not a position.
    Result<std::optional<SinkPosition>> take_over();

    /// REQUIRES: take_over has succeeded. Errors: condition_failed if another member owns it now;
    /// as `Client::put`: the write may have been applied, which the next call finds out.
    Result<void> write(const SinkPosition& position);

    /// Returns whether no other member owns it. Errors: as `Client::get`.
    [[nodiscard]] Result<bool> is_own() const;

    [[nodiscard]] const std::string& name() const noexcept { return name_; }

private:
    struct Content {
        Version version = 0;  ///< 0 if there is no record
        std::optional<SinkPosition> position{};
        std::string member{};
    };
    [[nodiscard]] Result<Content> read() const;
    [[nodiscard]] bool is_own(const Content& content) const noexcept;
    Result<void> put(const SinkPosition& position);

    Client& client_;
    std::string name_;
    std::string member_;
    Version version_ = 0;
    std::optional<SinkPosition> found_;  ///< at the time of `take_over`
};

}  // namespace ringside::kafka
