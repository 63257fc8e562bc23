#pragma once

#include <cstddef>

#include "shm/base/limits.hpp"

namespace ringside {

/// Limits on a text and its encoding. The defaults are the limits of a document, independent of its
/// source. JSON Patches and messages that carry documents have larger limits, so that a document in
/// them can be as large as a separate one. A copy made of it is checked against the defaults again.
struct DocumentLimits {
    std::size_t depth_max = limits::depth_max;  ///< Errc::too_deep; nested containers
    /// Errc::document_too_large; bytes of the text, and of its content: values + bytes of strings +
    /// bytes of keys, counted each time they occur. The content is never larger than the text.
    std::size_t content_max = limits::document_bytes_max;
    std::size_t encoded_max = limits::encoded_document_bytes_max;  ///< Errc::document_too_large
};

inline constexpr DocumentLimits json_patch_limits{.depth_max = limits::patch_depth_max,
                                                  .content_max = limits::message_bytes_max,
                                                  .encoded_max = limits::message_bytes_max};

/// An empty object has three bytes as text and seventeen encoded, which is the largest growth.
inline constexpr DocumentLimits envelope_limits{.depth_max = limits::envelope_depth_max,
                                                .content_max = limits::message_bytes_max,
                                                .encoded_max = 6 * limits::message_bytes_max};

/// For text that `to_json` has written, alone or in a line of `ringside dump`.
inline constexpr DocumentLimits written_limits{.depth_max = limits::envelope_depth_max,
                                               .content_max = limits::written_bytes_max,
                                               .encoded_max = 6 * limits::written_bytes_max};

}  // namespace ringside
