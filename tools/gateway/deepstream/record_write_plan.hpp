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

/// deepstream counts a record's versions from 0, the grid from 1: that is the whole rule. A record
/// that is not there has version -1.
constexpr std::int32_t to_deepstream_version(Version version) noexcept {
    return static_cast<std::int32_t>(version) - 1;
}

/// A write that says -1 comes after whatever is there.
inline constexpr std::int32_t any_version = -1;

/// What a client wants to be written to a record.
struct RecordOrder {
    RecordAction action = RecordAction::update;
    std::string name{};                      ///< of the grid
    std::int32_t version = any_version;      ///< that it makes
    std::vector<PathToken> path{};           ///< empty: it is the whole record
    std::optional<std::string_view> data{};  ///< JSON, which whoever has the order keeps

    [[nodiscard]] bool is_bound() const noexcept { return version != any_version; }
    /// Whether it makes a record that is not there.
    [[nodiscard]] bool creates() const noexcept {
        return action == RecordAction::create_and_update ||
               action == RecordAction::create_and_patch;
    }
    /// Whether what is to be written depends on what is there.
    [[nodiscard]] bool is_computed() const noexcept {
        return !path.empty() || creates() || action == RecordAction::patch_multi;
    }
    /// What it is once the record is there: an update or a patch.
    [[nodiscard]] RecordAction part() const noexcept;
    [[nodiscard]] Action right() const noexcept {
        return action == RecordAction::erase ? Action::remove : Action::write;
    }
    /// A version says which one was there before.
    [[nodiscard]] Condition condition() const noexcept;

    /// Takes the path, and looks at what can be told without the record. False: what is to be
    /// written is none.
    [[nodiscard]] bool complete(std::optional<std::string_view> path_text);
};

/// Why nothing is written.
struct WriteRefusal {
    enum class Kind { denied, bad_data, not_updated };
    Kind kind = Kind::denied;
    Error error{};            ///< of the latter two; not_found: no such record, or version
    bool has_failed = false;  ///< it is denied since a rule could not be evaluated
};
using WritePlan = std::variant<Write, WriteRefusal>;

/// The write that carries an order out, on the record as it is now. One that was computed from the
/// record, or decided by it, is bound to that state, and fails when it has changed meanwhile.
[[nodiscard]] WritePlan plan_write(GridAccess& grid, const Requester& requester,
                                   const RecordOrder& order);

/// A record that changes under a write this often is changed by others all the time.
inline constexpr int write_attempts_max = 16;

/// Whether a write may have failed because the record has changed since it was planned.
[[nodiscard]] bool is_overtaken(const Error& error) noexcept;
/// Whether the record as it is now lets the order be carried out after all.
[[nodiscard]] bool fits_now(GridAccess& grid, const RecordOrder& order);

/// Whether a text is no JSON at all, which no client of deepstream sends.
[[nodiscard]] bool is_bad_json(Errc code) noexcept;
/// Whether what was to be written is something that the grid cannot hold.
[[nodiscard]] bool is_bad_data(Errc code) noexcept;

}  // namespace ringside::gateway::deepstream
