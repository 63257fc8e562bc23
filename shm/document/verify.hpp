#pragma once

#include <vector>

#include "shm/base/errc.hpp"
#include "shm/base/types.hpp"
#include "shm/document/document_limits.hpp"
#include "shm/document/page.hpp"

namespace ringside {

/// Checks whether bytes from outside are a document in Ringside's encoding. One pass, for hostile
/// input.
///
/// Guarantees to every reader of the bytes:
///  1. every offset and size lies within the bytes; strings and keys are terminated;
///  2. only NULL, BOOL, INT, UINT, FLOAT (finite, 4 or 8 bytes), STRING, VECTOR and MAP occur;
///  3. strings are UTF-8; keys are UTF-8 in which C0 80 stands for U+0000;
///  4. the keys of an object ascend strictly, so lookup works and no key occurs twice;
///  5. depth and document size keep to `limits`, the size of keys to `limits::key_bytes_max`;
///  6. sharing is bounded: values + string bytes + key bytes, counted at every visit, are at most 64
///     times the size of the bytes and at most `limits.content_max`. There are at most as many
///     containers and strings as bytes. So the work is O(size), and a few bytes cannot expand to a
///     huge value.
/// `flexbuffers::VerifyBuffer` accepts everything that this function accepts. It counts a string as
/// a level of nesting, so its `max_depth` must be `limits::depth_max + 1`.
///
/// Errors: bad_document, bad_utf8, duplicate_key, key_too_long, too_deep, document_too_large.
[[nodiscard]] Result<void> verify_document(ByteView document, const DocumentLimits& limits = {});

/// Same for a page, which may have references: those are added to the list.
[[nodiscard]] Result<void> verify_page(ByteView page, std::vector<PageRef>& references);

/// Checks a document in pages: `root` and each page pass `verify_page`. Each page is referenced
/// once, and matches its header and the reference to it. Keys ascend over all leaves, and the
/// document meets the limits of nesting and content.
/// Errors: as above; the detail names the page.
[[nodiscard]] Result<void> verify_pages(ByteView root, const PageSpace& space);

}  // namespace ringside
