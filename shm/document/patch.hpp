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

// Each function encodes the changed document into `out` (which it clears first) and gives a view
// of it, valid until the next `out.clear()`. The old document is not touched. Every one can fail
// with too_deep and document_too_large when the result is beyond the limits of a document.
//
// With `pages` the result is the root page of a document in pages, valid until the next patch; what
// it costs follows the path and not the document's size. It can fail with grid_full, too.
//
// The work is charged to a budget, which the patches of one request share; what exceeds it is
// refused with patch_too_costly before it is done. Without a budget of the caller's each patch has
// one of its own, `budget_of`.

/// For one patch by itself: `PatchBudget::of_request`, or without pages `PatchBudget::of_copies`.
PatchBudget budget_of(const Value& old, const Value& patch, const Paging* pages) noexcept;

/// Puts `new_value` where `path` says: replaces the member or element, adds the member where there
/// is none, appends where the last token is "-" or the array's size. The empty path replaces the
/// whole document.
/// Errors: path_not_found when the parent does not exist, is no container, or the index is beyond.
Result<ByteView> apply_set(DocumentBuilder& out, const Value& old, const Pointer& path,
                           const Value& new_value, Paging* pages = nullptr,
                           PatchBudget* budget = nullptr);

/// JSON Merge Patch (RFC 7396). Without an old document the patch is merged into nothing.
Result<ByteView> apply_merge(DocumentBuilder& out, const std::optional<Value>& old,
                             const Value& patch, Paging* pages = nullptr,
                             PatchBudget* budget = nullptr);

/// JSON Patch (RFC 6902): all operations in order, or none. `test` compares with
/// `Value::is_equal`.
/// Errors: bad_patch (not a patch, or more than `limits::patch_operations_max` operations),
/// path_not_found, test_failed; the detail names the operation by its index.
Result<ByteView> apply_json_patch(DocumentBuilder& out, const Value& old, const Value& patch,
                                  Paging* pages = nullptr, PatchBudget* budget = nullptr);

}  // namespace ringside
