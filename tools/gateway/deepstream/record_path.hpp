#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shm/document/pointer.hpp"
#include "shm/document/value.hpp"

namespace ringside::gateway::deepstream {

/// Of all indexes in a path together: arrays are filled up with nulls, so that a small message
/// could make a large one.
inline constexpr std::size_t path_index_max = 100'000;
/// That the patches of one list write, all together.
inline constexpr std::size_t patches_bytes_max = 16U << 20;

/// Part of a path: a member's name, or `[n]`.
struct PathToken {
    std::string key;  ///< of an index: its digits
    bool is_index = false;
};

/// A place within a record as deepstream writes it: `a.b[0].c`. Parts are trimmed, empty ones are
/// passed over. None: there is nothing in it, more than `limits::depth_max` parts, a part is one
/// that no client may name (`__proto__`, `constructor`, `prototype`), or an index is none or beyond
/// `path_index_max`.
[[nodiscard]] std::optional<std::vector<PathToken>> parse_path(std::string_view path);

/// The way back from a JSON Pointer that was set in `document`. None: deepstream has no path for
/// it, because a key has dots, brackets or spaces at its ends, or is empty.
[[nodiscard]] std::optional<std::string> path_of(const Pointer& pointer, const Value& document);

/// What is to be done to a document so that it is as a client wants it.
struct RecordChange {
    enum class Kind {
        nothing,    ///< it is so already
        whole,      ///< `json` is the document
        set,        ///< `json` becomes the value at `pointer`
        take_away,  ///< the member at `pointer` goes
    };
    Kind kind = Kind::nothing;
    std::string pointer{};
    std::string json{};
    /// It has parents in it that were missing, or elements: right for this document only.
    bool is_bound = false;
};

/// Missing parents are made: arrays where an index follows, objects otherwise, also in the place of
/// what is neither. Elements that are missing before an index become null, and so does an element
/// that is taken away.
[[nodiscard]] RecordChange set_path(const Value& document, const std::vector<PathToken>& path,
                                    std::string_view json);
[[nodiscard]] RecordChange erase_path(const Value& document, const std::vector<PathToken>& path);

/// All patches of a list `[{"path":…,"data":…},…]` in order; those without data take away.
/// Errors: those of JSON text; bad_request: it is no such list, or a path is none.
[[nodiscard]] Result<RecordChange> apply_patches(const Value& document, std::string_view list);

/// A JSON Patch that takes a member away.
[[nodiscard]] std::string removal_of(std::string_view pointer);

/// The document after a change. Errors: those of JSON text and of documents.
[[nodiscard]] Result<std::string> changed_text(const Value& document, const RecordChange& change);

}  // namespace ringside::gateway::deepstream
