#pragma once

#include <optional>

#include "shm/base/errc.hpp"
#include "shm/base/types.hpp"
#include "shm/document/builder.hpp"
#include "shm/document/paging.hpp"
#include "shm/document/patch_budget.hpp"
#include "shm/document/pointer.hpp"
#include "shm/document/value.hpp"

namespace ringside {

// Each function clears `out`, encodes the changed document into it, and returns a view that is
// valid until the next `out.clear()`. The old document is unchanged. Each function can fail with
// too_deep and document_too_large if the result exceeds the limits of a document.
//
// With `pages` the result is the root page of a document in pages, valid until the next patch. The
// cost then depends on the path, not on the document's size. grid_full is a further error.
//
// The work is charged to a budget that the patches of one request share. Work beyond the budget is
// refused with patch_too_costly before it is done. Without a budget from the caller, each patch has
// its own, `budget_of`.

/// Budget for one separate patch: `PatchBudget::of_request`, or without pages
/// `PatchBudget::of_copies`.
PatchBudget budget_of(const Value& old, const Value& patch, const Paging* pages) noexcept;

/// Sets the value at `path`: replaces the member or element, or adds a missing member. Appends if
/// the last token is "-" or the array's size. The empty path replaces the whole document.
/// Errors: path_not_found if the parent does not exist or is not a container, or the index is out
/// of range.
Result<ByteView> apply_set(DocumentBuilder& out, const Value& old, const JsonPointer& path,
                           const Value& new_value, Paging* pages = nullptr,
                           PatchBudget* budget = nullptr);

/// Applies a JSON Merge Patch (RFC 7396). Without an old document, merges into an empty one.
Result<ByteView> apply_merge(DocumentBuilder& out, const std::optional<Value>& old,
                             const Value& patch, Paging* pages = nullptr,
                             PatchBudget* budget = nullptr);

/// Applies a JSON Patch (RFC 6902): all operations in order, or none. `test` compares with
/// `Value::is_equal`.
/// Errors: bad_patch (not a patch, or more than `limits::patch_operations_max` operations),
/// path_not_found, test_failed; the detail gives the index of the operation.
Result<ByteView> apply_json_patch(DocumentBuilder& out, const Value& old, const Value& patch,
                                  Paging* pages = nullptr, PatchBudget* budget = nullptr);

}  // namespace ringside
