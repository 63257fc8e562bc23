#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shm/document/pointer.hpp"
#include "shm/document/value.hpp"

namespace ringside::gateway::deepstream {

/// Limit of the sum of all indexes in a path: arrays are filled with nulls, so a small message
/// could otherwise create a large array.
inline constexpr std::size_t path_index_max = 100'000;
/// Limit of what the patches of one list write together.
inline constexpr std::size_t patches_bytes_max = 16U << 20;

/// A part of a path: the name of a member, or `[n]`.
struct PathToken {
    std::string key;  ///< the digits, for an index
    bool is_index = false;
};

/// Parses a place within a record in deepstream's syntax: `a.b[0].c`. Parts are trimmed, and empty
/// ones are skipped. Returns none for an empty path, more than `limits::depth_max` parts, a name
/// that clients must not use (`__proto__`, `constructor`, `prototype`), an invalid index, or one
/// beyond `path_index_max`.
[[nodiscard]] std::optional<std::vector<PathToken>> parse_path(std::string_view path);

/// Converts a JSON Pointer that was set in `document` back to a path. Returns none if deepstream
/// has no path for it: a key is empty, contains dots or brackets, or begins or ends with blanks.
[[nodiscard]] std::optional<std::string> path_of(const JsonPointer& pointer, const Value& document);

/// The change that a document needs.
struct RecordChange {
    enum class Kind {
        nothing,    ///< the document is already as requested
        whole,      ///< `json` replaces the document
        set,        ///< `json` replaces the value at `pointer`
        take_away,  ///< removes the member at `pointer`
    };
    Kind kind = Kind::nothing;
    std::string pointer{};
    std::string json{};
    /// The change creates missing parents or elements, so it is correct for this document only.
    bool is_bound = false;
};

/// Sets a value. Creates missing parents, arrays before an index and objects otherwise, and
/// replaces values that are neither. Missing elements before an index become null, and so does a
/// removed element.
[[nodiscard]] RecordChange set_path(const Value& document, const std::vector<PathToken>& path,
                                    std::string_view json);
[[nodiscard]] RecordChange erase_path(const Value& document, const std::vector<PathToken>& path);

/// Applies a list of patches `[{"path":…,"data":…},…]` in order. A patch without data removes.
/// Errors: those of JSON text; bad_request (not such a list, or an invalid path).
[[nodiscard]] Result<RecordChange> apply_patches(const Value& document, std::string_view list);

/// Returns a JSON Patch that removes a member.
[[nodiscard]] std::string removal_of(std::string_view pointer);

/// Returns the document after a change. Errors: those of JSON text and of documents.
[[nodiscard]] Result<std::string> changed_text(const Value& document, const RecordChange& change);

}  // namespace ringside::gateway::deepstream
