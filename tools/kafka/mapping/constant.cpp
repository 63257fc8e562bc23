#include "tools/kafka/mapping/constant.hpp"

#include <toml++/toml.h>
#include <optional>

#include "tools/kafka/mapping/mapping_limits.hpp"

namespace ringside::kafka {

namespace {

/// Exact for 64-bit integers and for doubles.
using Number = long double;

template <class... Types>
std::optional<Number> number_of(const std::variant<Types...>& value) noexcept {
    return std::visit(
        [](const auto& held) -> std::optional<Number> {
            using Held = std::decay_t<decltype(held)>;
            if constexpr (std::is_arithmetic_v<Held> && !std::is_same_v<Held, bool>) {
                return static_cast<Number>(held);
            }
            return std::nullopt;
        },
        value);
}

}  // namespace

Result<Constant> read_constant(const tools::TomlFile& file, std::string_view key,
                               const toml::node& node) {
    if (auto text = node.value_exact<std::string>()) return Constant(std::move(*text));
    if (const auto number = node.value_exact<std::int64_t>()) return Constant(*number);
    if (const auto real = node.value_exact<double>()) {
        if (*real - *real == 0) return Constant(*real);
        return file.error_at(node, std::string(key) + " must be finite");
    }
    if (const auto flag = node.value_exact<bool>()) return Constant(*flag);
    return file.error_at(node, std::string(key) + " must be a string, a number, true or false");
}

Result<std::vector<Constant>> read_constants(const tools::TomlFile& file, std::string_view key,
                                             const toml::node& node) {
    const toml::array* list = node.as_array();
    if (list == nullptr || list->empty()) {
        return file.error_at(node, std::string(key) + " must be a list of at least one value");
    }
    if (list->size() > mapping_limits::constants_max) {
        return file.error_at(node, std::string(key) + " must have at most " +
                                       std::to_string(mapping_limits::constants_max) + " values");
    }
    std::vector<Constant> constants;
    for (const toml::node& item : *list) {
        auto constant = read_constant(file, key, item);
        if (!constant) return constant.error();
        constants.push_back(std::move(*constant));
    }
    return constants;
}

bool equals(const FieldValue& value, const Constant& constant) noexcept {
    if (const auto* text = std::get_if<std::string>(&constant)) {
        const auto* other = std::get_if<std::string_view>(&value);
        return other != nullptr && *other == *text;
    }
    if (const auto* flag = std::get_if<bool>(&constant)) {
        const auto* other = std::get_if<bool>(&value);
        return other != nullptr && *other == *flag;
    }
    return compare_numbers(value, constant) == std::partial_ordering::equivalent;
}

std::partial_ordering compare_numbers(const FieldValue& value, const Constant& constant) noexcept {
    const auto left = number_of(value);
    const auto right = number_of(constant);
    if (!left || !right) return std::partial_ordering::unordered;
    return *left <=> *right;
}

}  // namespace ringside::kafka
