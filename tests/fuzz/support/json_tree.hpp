#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shm/document/json.hpp"
#include "shm/document/value.hpp"

namespace ringside::fuzz {

/// A JSON value in the simplest form, against which the product's encoding, parser and patches are
/// compared. Shares no code with them.
struct Json {
    ValueType type = ValueType::null;
    bool boolean = false;
    std::int64_t integer = 0;
    std::uint64_t unsigned_integer = 0;
    double real = 0;
    std::string string;
    std::vector<Json> array;
    std::map<std::string, Json> object;

    /// Same type and value; zeros differ by their sign.
    friend bool operator==(const Json& a, const Json& b) {
        return a.type == b.type && a.boolean == b.boolean && a.integer == b.integer &&
               a.unsigned_integer == b.unsigned_integer && a.real == b.real &&
               std::signbit(a.real) == std::signbit(b.real) && a.string == b.string &&
               a.array == b.array && a.object == b.object;
    }

    /// Returns the number of values in it, including itself.
    [[nodiscard]] std::size_t count() const {
        std::size_t sum = 1;
        for (const Json& element : array) sum += element.count();
        for (const auto& [key, member] : object) sum += member.count();
        return sum;
    }
};

/// The result of an RFC 8259 parser, without limits.
struct ParsedJson {
    std::optional<Json> value;       ///< none if it is not JSON
    bool has_duplicate_key = false;  ///< the last one counts
    bool has_wide_number = false;    ///< a number beyond the largest double
    std::size_t depth = 0;           ///< of containers
    std::size_t key_bytes = 0;       ///< of the longest key; U+0000 counts as two
};

ParsedJson parse_json(std::string_view text);

/// Returns the tree of an encoded value; U+0000 in keys is restored.
Json tree_of(const Value& value);

}  // namespace ringside::fuzz
