#pragma once

#include <vector>

#include "shm/base/errc.hpp"
#include "shm/base/types.hpp"
#include "shm/document/document_limits.hpp"
#include "shm/document/page.hpp"

namespace ringside {

/// Whether bytes from outside are a document as Ringside encodes it. One pass, for hostile input.
///
/// Holds afterwards, for every reader of the bytes:
///  1. every offset and size lies within the bytes; strings and keys are terminated;
///  2. only NULL, BOOL, INT, UINT, FLOAT (finite, 4 or 8 bytes), STRING, VECTOR and MAP occur;
///  3. strings are UTF-8; keys are UTF-8 in which C0 80 stands for U+0000;
///  4. the keys of an object ascend strictly, so that lookup works and no key is there twice;
///  5. depth and document size keep to `limits`, the size of keys to `limits::key_bytes_max`;
///  6. sharing is harmless: values + string bytes + key bytes, counted at every visit, are at most
///     64 times the size of the bytes and at most `limits.content_max`, and there are at
///     most as many containers and strings as bytes. Work is therefore O(size), and no few bytes
///     expand to a huge value.
/// `flexbuffers::VerifyBuffer` accepts whatever this accepts (it counts a string as a level of
/// nesting, so its `max_depth` has to be `limits::depth_max + 1`).
///
/// Errors: bad_document, bad_utf8, duplicate_key, key_too_long, too_deep, document_too_large.
[[nodiscard]] Result<void> verify_document(ByteView document, const DocumentLimits& limits = {});

/// As above for a page, which may lead to others: those are listed.
[[nodiscard]] Result<void> verify_page(ByteView page, std::vector<PageRef>& references);

/// Whether a document in pages is whole: `root` and each page pass `verify_page`, each page is met
/// once and is what its header and what leads to it say, keys ascend over all leaves, and the
/// document keeps to the limits of nesting and content.
/// Errors: as above; the detail names the page.
[[nodiscard]] Result<void> verify_pages(ByteView root, const PageSpace& space);

}  // namespace ringside
