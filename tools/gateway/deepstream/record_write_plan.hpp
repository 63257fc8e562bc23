#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tools/gateway/deepstream/record_path.hpp"
#include "tools/gateway/deepstream/wire/actions.hpp"
#include "tools/gateway/grid/grid_access.hpp"
#include "tools/gateway/grid/requester.hpp"

namespace ringside::gateway::deepstream {

/// deepstream counts the versions of a record from 0, the grid counts from 1. There is no other
/// difference. A record that does not exist has version -1.
constexpr std::int32_t to_deepstream_version(Version version) noexcept {
    return static_cast<std::int32_t>(version) - 1;
}

/// A write with version -1 follows any version.
inline constexpr std::int32_t any_version = -1;

/// A client's request to write a record.
struct RecordOrder {
    RecordAction action = RecordAction::update;
    std::string name{};                      ///< in the grid
    std::int32_t version = any_version;      ///< that the write makes
    std::vector<PathToken> path{};           ///< empty for the whole record
    std::optional<std::string_view> data{};  ///< JSON; the owner of the order keeps it alive

    [[nodiscard]] bool is_bound() const noexcept { return version != any_version; }
    /// Returns whether the write creates a record that does not exist.
    [[nodiscard]] bool creates() const noexcept {
        return action == RecordAction::create_and_update ||
               action == RecordAction::create_and_patch;
    }
    /// Returns whether the written document depends on the current one.
    [[nodiscard]] bool is_computed() const noexcept {
        return !path.empty() || creates() || action == RecordAction::patch_multi;
    }
    /// Returns the action for an existing record: an update or a patch.
    [[nodiscard]] RecordAction part() const noexcept;
    [[nodiscard]] Action right() const noexcept {
        return action == RecordAction::erase ? Action::remove : Action::write;
    }
    /// Returns the condition that the previous version implies.
    [[nodiscard]] Condition condition() const noexcept;

    /// Parses the path and checks everything that does not depend on the record. Returns false if
    /// the data cannot be written.
    [[nodiscard]] bool complete(std::optional<std::string_view> path_text);
};

/// Why a write was refused.
struct WriteRefusal {
    enum class Kind { denied, bad_data, not_updated };
    Kind kind = Kind::denied;
    Error error{};            ///< for the latter two; not_found: no such record or version
    bool has_failed = false;  ///< denied because a rule could not be evaluated
};
using WritePlan = std::variant<Write, WriteRefusal>;

/// Plans the write that carries out an order on the current record. A write that was computed from
/// the record, or whose decision has read it, is bound to that state and fails if the record has
/// changed.
[[nodiscard]] WritePlan plan_write(GridAccess& grid, const Requester& requester,
                                   const RecordOrder& order);

/// After this many attempts the record is changing constantly, and the write fails.
inline constexpr int write_attempts_max = 16;

/// Returns whether a write may have failed because the record has changed since planning.
[[nodiscard]] bool is_overtaken(const Error& error) noexcept;
/// Returns whether the order can be carried out on the current record after all.
[[nodiscard]] bool fits_now(GridAccess& grid, const RecordOrder& order);

/// Returns whether a text is not JSON at all. No deepstream client sends such a text.
[[nodiscard]] bool is_bad_json(Errc code) noexcept;
/// Returns whether the grid cannot hold the data of a write.
[[nodiscard]] bool is_bad_data(Errc code) noexcept;

}  // namespace ringside::gateway::deepstream
