#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace ringside::kafka {

struct Header {
    std::string_view name;
    std::optional<std::string_view> value;  ///< none: null
};

/// A message of a topic, in the memory of whoever has it.
struct MessageView {
    std::string_view topic{};
    std::int32_t partition = 0;
    std::int64_t offset = 0;
    std::int64_t timestamp_ms = -1;           ///< Unix time; -1: it has none
    std::optional<std::string_view> key{};    ///< none: null
    std::optional<std::string_view> value{};  ///< none: null, a tombstone
    /// In their order; filled in only for those who ask for headers, as to take them out costs.
    std::span<const Header> headers{};
};

}  // namespace ringside::kafka
