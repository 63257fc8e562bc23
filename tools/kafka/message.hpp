#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace ringside::kafka {

struct Header {
    std::string_view name;
    std::optional<std::string_view> value;  ///< none for null
};

/// A view of a message of a topic.
struct MessageView {
    std::string_view topic{};
    std::int32_t partition = 0;
    std::int64_t offset = 0;
    std::int64_t timestamp_ms = -1;           ///< Unix time; -1 if it has none
    std::optional<std::string_view> key{};    ///< none for null
    std::optional<std::string_view> value{};  ///< none for null, a tombstone
    /// In their order. Filled in only on request, because extracting them is costly.
    std::span<const Header> headers{};
};

}  // namespace ringside::kafka
