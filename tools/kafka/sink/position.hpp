#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "ringside/client.hpp"

namespace ringside::kafka {

/// Up to where a sink has told Kafka of a grid.
struct SinkPosition {
    Revision revision = 0;      ///< 0: nothing yet
    std::uint64_t boot_id = 0;  ///< the beginning of the grid that it counts from
};

/// The record `kafka/SINK/@position`: {"revision": R, "boot_id": "…", "member": "…"}.
///
/// Who takes it over has it alone: whoever had it before finds out when they write or look at it.
/// Thread safety: one thread at a time.
class PositionRecord {
public:
    /// `member`: a name that no other process or sink has had.
    PositionRecord(Client& client, const std::string& sink, std::string member);

    /// Makes it this member's own; what it said before that. Errors: as `Client::get` and
    /// `Client::put`, after which it may be tried again; condition_failed: another member has
    /// written it just now; bad_document, for a record that is no position.
    Result<std::optional<SinkPosition>> take_over();

    /// REQUIRES: taken over. Errors: condition_failed, where it is another's meanwhile; as
    /// `Client::put`: then it may or may not be written, which the next call finds out.
    Result<void> write(const SinkPosition& position);

    /// Whether it is no other member's. Errors: as `Client::get`.
    [[nodiscard]] Result<bool> is_own() const;

    [[nodiscard]] const std::string& name() const noexcept { return name_; }

private:
    struct Content {
        Version version = 0;  ///< 0: there is no record
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
    std::optional<SinkPosition> found_;  ///< when it was taken over
};

}  // namespace ringside::kafka
