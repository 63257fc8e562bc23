#pragma once

#include <optional>

#include "shm/base/errc.hpp"
#include "shm/base/types.hpp"
#include "shm/document/builder.hpp"
#include "shm/document/paging.hpp"
#include "shm/document/pointer.hpp"
#include "shm/document/value.hpp"

namespace ringside {

// Each function encodes the changed document into `out` (which it clears first) and gives a view
// of it, valid until the next `out.clear()`. The old document is not touched. Every one can fail
// with too_deep and document_too_large when the result is beyond the limits of a document.
//
// With `pages` the result is the root page of a document in pages, valid until the next patch; what
// it costs follows the path and not the document's size. It can fail with grid_full, too.

/// Puts `new_value` where `path` says: replaces the member or element, adds the member where there
/// is none, appends where the last token is "-" or the array's size. The empty path replaces the
/// whole document.
/// Errors: path_not_found when the parent does not exist, is no container, or the index is beyond.
Result<ByteView> apply_set(DocumentBuilder& out, const Value& old, const Pointer& path,
                           const Value& new_value, Paging* pages = nullptr);

/// JSON Merge Patch (RFC 7396). Without an old document the patch is merged into nothing.
Result<ByteView> apply_merge(DocumentBuilder& out, const std::optional<Value>& old,
                             const Value& patch, Paging* pages = nullptr);

/// JSON Patch (RFC 6902): all operations in order, or none.
/// Errors: bad_patch (not a patch, more than `limits::patch_operations_max` operations, or more
/// than `limits::patch_bytes_max` bytes rewritten by all of them), path_not_found, test_failed; the
/// detail names the operation by its index.
Result<ByteView> apply_json_patch(DocumentBuilder& out, const Value& old, const Value& patch,
                                  Paging* pages = nullptr);

}  // namespace ringside
