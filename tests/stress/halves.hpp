#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "shm/document/builder.hpp"
#include "shm/document/json.hpp"
#include "shm/document/value.hpp"

/// Documents whose integrity a reader can check: {"a":n,"b":n,"fill":"xxxx…"}, where n determines
/// the size and the letter of the fill.
namespace ringside::testing {

inline char fill_letter(std::uint64_t n) { return static_cast<char>('a' + n % 26); }

/// Usually small, sometimes several tens of KiB.
inline std::size_t fill_bytes(std::uint64_t n) {
    const std::uint64_t mixed = (n * 0x9e3779b97f4a7c15) >> 32;
    return mixed % 61 == 0 ? mixed % 40'000 : mixed % 600;
}

inline Bytes halves_document(std::uint64_t n) {
    DocumentBuilder builder;
    builder.begin_object();
    builder.key("a");
    builder.unsigned_integer(n);
    builder.key("b");
    builder.unsigned_integer(n);
    builder.key("fill");
    builder.string(std::string(fill_bytes(n), fill_letter(n)));
    builder.end_object();
    const ByteView view = builder.finish().value();
    return {view.begin(), view.end()};
}

/// Returns what is wrong with such a document, or an empty string.
inline std::string why_torn(const Value& document) {
    const auto a = document["a"].as_uint64();
    const auto b = document["b"].as_uint64();
    const auto fill = document["fill"].as_string();
    if (!a || !b || !fill) return "parts are missing: " + to_json(document).substr(0, 200);
    if (*a != *b) return "a is " + std::to_string(*a) + ", b is " + std::to_string(*b);
    if (fill->size() != fill_bytes(*a))
        return "the fill of " + std::to_string(*a) + " has another size";
    if (fill->find_first_not_of(fill_letter(*a)) != std::string_view::npos) {
        return "the fill of " + std::to_string(*a) + " is spoilt";
    }
    return {};
}

}  // namespace ringside::testing
