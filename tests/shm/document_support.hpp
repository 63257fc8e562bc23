#pragma once

#include <gtest/gtest.h>

#include <charconv>
#include <cmath>
#include <random>
#include <string>
#include <string_view>

#include "shm/base/types.hpp"
#include "shm/document/json.hpp"
#include "shm/document/value.hpp"

namespace ringside::test {

/// Returns the document of a valid JSON text.
inline Bytes document(std::string_view json) { return document_from_json(json).value(); }

inline std::string json_of(ByteView document) { return to_json(Value::of(document)); }

/// Generates JSON in the form of `to_json`: one line, sorted keys, the shortest numbers.
class RandomJson {
public:
    explicit RandomJson(std::uint32_t seed) : random_(seed) {}

    std::string next() { return value(0); }

private:
    std::uint32_t below(std::uint32_t bound) {
        return static_cast<std::uint32_t>(random_()) % bound;
    }

    std::string value(int depth) {
        switch (below(depth > 5 ? 6 : 9)) {
            case 0: return "null";
            case 1: return below(2) == 0 ? "true" : "false";
            case 2: return std::to_string(static_cast<std::int64_t>(random_()) >> below(64));
            case 3: return std::to_string(random_() | 1ULL << 63);
            case 4: return real();
            case 5: return string();
            case 6: return array(depth);
            default: return object(depth);
        }
    }

    std::string real() {
        const double value = below(2) == 0 ? static_cast<double>(below(100000)) / 64.0
                                           : std::ldexp(static_cast<double>(random_()),
                                                        static_cast<int>(below(1800)) - 900);
        char text[32];
        std::string json(text, std::to_chars(text, text + 32, value).ptr);
        if (json.find_first_of(".e") == std::string::npos) json += ".0";
        return json;
    }

    std::string string() {
        static constexpr std::string_view pieces[] = {
            "a",   "price",   "Zürich",  "日本", "😀",         "\\\"", "\\\\", "\\n",
            "\\t", "\\u0000", "\\u001f", "\x7f", "\\b\\f\\r", "/",    " ",    "0123456789"};
        std::string json = "\"";
        for (std::uint32_t i = below(6); i > 0; --i) json += pieces[below(std::size(pieces))];
        return json + "\"";
    }

    std::string array(int depth) {
        std::string json = "[";
        for (std::uint32_t i = below(5), n = i; i > 0; --i) {
            if (i != n) json += ",";
            json += value(depth + 1);
        }
        return json + "]";
    }

    std::string object(int depth) {
        std::string json = "{";
        const std::uint32_t count = below(12) == 0 ? 60 : below(8);
        for (std::uint32_t i = 0; i < count; ++i) {
            if (i != 0) json += ",";
            // The leading number keeps the keys sorted and distinct.
            const std::string key = string();
            json += "\"k" + std::to_string(1000 + i) + key.substr(1) + ":" + value(depth + 1);
        }
        return json + "}";
    }

    std::mt19937_64 random_;
};

}  // namespace ringside::test
