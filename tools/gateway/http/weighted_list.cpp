#include "tools/gateway/http/weighted_list.hpp"

#include <optional>

#include "tools/gateway/http/field_syntax.hpp"

namespace ringside::gateway {

namespace {

/// Removes the part before the next separator outside quotation marks from the front.
std::string_view take_part(std::string_view& text, char separator) noexcept {
    bool is_quoted = false;
    std::size_t size = 0;
    for (; size < text.size(); ++size) {
        const char c = text[size];
        if (c == '"') is_quoted = !is_quoted;
        else if (is_quoted && c == '\\') ++size;
        else if (!is_quoted && c == separator) break;
    }
    size = std::min(size, text.size());
    const std::string_view part = text.substr(0, size);
    text.remove_prefix(std::min(size + 1, text.size()));
    return trimmed(part);
}

/// Parses "0", "0.25" or "1.000" into thousandths; returns nothing for any other text.
std::optional<int> parse_weight(std::string_view text) noexcept {
    constexpr std::size_t size_max = 5;
    if (text.empty() || text.size() > size_max || (text[0] != '0' && text[0] != '1')) return {};
    if (text.size() > 1 && text[1] != '.') return {};
    int weight = text[0] - '0';
    for (std::size_t i = 2; i < size_max; ++i) {
        const char digit = i < text.size() ? text[i] : '0';
        if (!is_digit(digit)) return {};
        weight = weight * 10 + (digit - '0');
    }
    if (weight > Weighted::weight_max) return {};
    return weight;
}

std::optional<Weighted> parse_element(std::string_view element) noexcept {
    Weighted parsed{.value = take_part(element, ';')};
    if (parsed.value.empty()) return {};
    while (!element.empty()) {
        const std::string_view parameter = take_part(element, ';');
        if (!parameter.starts_with("q=") && !parameter.starts_with("Q=")) continue;
        const auto weight = parse_weight(parameter.substr(2));
        if (!weight) return {};
        parsed.weight = *weight;
    }
    return parsed;
}

}  // namespace

std::vector<Weighted> weighted_list(std::string_view list) {
    std::vector<Weighted> elements;
    while (!list.empty()) {
        if (const auto element = parse_element(take_part(list, ','))) elements.push_back(*element);
    }
    return elements;
}

}  // namespace ringside::gateway
