#pragma once

#include <cstddef>

#include "shm/base/limits.hpp"

namespace ringside {

/// How large a text or its encoding may be. The default is what a document may have, whichever way
/// it comes in. JSON Patches and messages that carry documents are read with limits of their own,
/// so that a document in them may have as much as one that stands alone; the copy that is made of
/// it is held to the default again.
struct DocumentLimits {
    std::size_t depth_max = limits::depth_max;  ///< Errc::too_deep; containers within another
    /// Errc::document_too_large; bytes of the text, and its content: values + bytes of strings +
    /// bytes of keys, counted wherever they are repeated. The content is never more than the text.
    std::size_t content_max = limits::document_bytes_max;
    std::size_t encoded_max = limits::encoded_document_bytes_max;  ///< Errc::document_too_large
};

inline constexpr DocumentLimits json_patch_limits{.depth_max = limits::patch_depth_max,
                                                  .content_max = limits::message_bytes_max,
                                                  .encoded_max = limits::message_bytes_max};

/// An empty object takes three bytes as text and seventeen when it is encoded: nothing grows more.
inline constexpr DocumentLimits envelope_limits{.depth_max = limits::envelope_depth_max,
                                                .content_max = limits::message_bytes_max,
                                                .encoded_max = 6 * limits::message_bytes_max};

/// For what `to_json` has written, by itself or in a line of `ringside dump`.
inline constexpr DocumentLimits written_limits{.depth_max = limits::envelope_depth_max,
                                               .content_max = limits::written_bytes_max,
                                               .encoded_max = 6 * limits::written_bytes_max};

}  // namespace ringside
