#include "shm/document/json_diagnosis.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "shm/base/limits.hpp"
#include "shm/base/utf8.hpp"

namespace ringside {

namespace {

/// Strict reader of RFC 8259 that builds nothing. Every `read_…` function returns false after it
/// has set `code_`, `what_` and the position `at_`.
class Scanner {
public:
    Scanner(std::string_view text, std::size_t depth_max) : text_(text), depth_max_(depth_max) {}

    Error run() {
        if (read_document()) return Error(Errc::bad_json);
        const std::string_view before = text_.substr(0, at_);
        const auto line = 1 + std::count(before.begin(), before.end(), '\n');
        const auto column = at_ - (before.rfind('\n') + 1) + 1;
        return {code_, "line " + std::to_string(line) + ", column " + std::to_string(column) +
                           ": " + what_};
    }

private:
    bool wrong(const char* what, Errc code = Errc::bad_json) {
        code_ = code;
        what_ = what;
        return false;
    }

    [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
    [[nodiscard]] bool at_end() const { return at_ == text_.size(); }

    bool skip(char c) {
        if (at_end() || text_[at_] != c) return false;
        ++at_;
        return true;
    }

    void skip_space() {
        while (!at_end() && std::string_view(" \t\n\r").find(text_[at_]) != std::string_view::npos)
            ++at_;
    }

    bool read_document() {
        if (text_.starts_with("\xEF\xBB\xBF"))
            return wrong("byte order mark before the text; remove it");
        skip_space();
        if (at_end()) return wrong("no value");
        bool expects_value = true;
        for (;;) {
            skip_space();
            if (expects_value) {
                if (!read_value(expects_value)) return false;
                continue;
            }
            if (open_.empty()) return at_end() || wrong("unexpected text after the value");
            if (skip(open_.back())) {
                open_.pop_back();
                continue;
            }
            if (!skip(',')) return wrong("expected ',' or the end of the container");
            if (open_.back() == '}' && !read_key()) return false;
            expects_value = true;
        }
    }

    /// Reads a scalar or the start of a container. `expects_value`: whether a value must follow.
    bool read_value(bool& expects_value) {
        expects_value = false;
        switch (peek()) {
            case '{':
            case '[': return open(expects_value);
            case '"': return read_string(SIZE_MAX);
            case 't': return read_word("true");
            case 'f': return read_word("false");
            case 'n': return read_word("null");
            default: return read_number();
        }
    }

    bool open(bool& expects_value) {
        if (open_.size() == depth_max_) {
            return wrong("nested too deeply", Errc::too_deep);
        }
        const char closing = text_[at_] == '{' ? '}' : ']';
        ++at_;
        skip_space();
        if (skip(closing)) return true;
        open_.push_back(closing);
        expects_value = true;
        return closing == ']' || read_key();
    }

    bool read_key() {
        skip_space();
        if (peek() != '"') return wrong("expected a key in quotes");
        if (!read_string(limits::key_bytes_max)) return false;
        skip_space();
        return skip(':') || wrong("expected ':'");
    }

    bool read_word(std::string_view word) {
        if (text_.substr(at_, word.size()) != word) return wrong("not a JSON value");
        at_ += word.size();
        return true;
    }

    bool read_string(std::size_t bytes_max) {
        const std::size_t start = at_++;
        std::size_t bytes = 0;
        while (!skip('"')) {
            if (at_end()) return wrong("unterminated string");
            if (!read_character(bytes)) return false;
        }
        if (bytes <= bytes_max) return true;
        at_ = start;
        return wrong("key too long", Errc::key_too_long);
    }

    bool read_character(std::size_t& bytes) {
        const auto c = static_cast<unsigned char>(text_[at_]);
        if (c < 0x20) return wrong("unescaped control character in a string");
        if (c == '\\') return read_escape(bytes);
        std::size_t size = 1;
        if (c >= 0x80) {
            size = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;
            if (!is_utf8(text_.substr(at_, size))) {
                return wrong("bytes are not UTF-8", Errc::bad_utf8);
            }
        }
        at_ += size;
        bytes += size;
        return true;
    }

    bool read_escape(std::size_t& bytes) {
        const std::size_t start = at_++;
        const char kind = peek();
        ++at_;
        if (kind != 'u') {
            ++bytes;
            if (std::string_view("\"\\/bfnrt").find(kind) != std::string_view::npos) return true;
            at_ = start;
            return wrong("unknown escape sequence");
        }
        const auto unit = read_hex();
        if (!unit) return false;
        if (*unit < 0xD800 || *unit > 0xDFFF) {
            bytes += *unit < 0x80 ? 1 : *unit < 0x800 ? 2 : 3;
            return true;
        }
        bytes += 4;
        if (*unit < 0xDC00 && skip('\\') && skip('u')) {
            const auto low = read_hex();
            if (!low) return false;
            if (*low >= 0xDC00 && *low <= 0xDFFF) return true;
        }
        at_ = start;
        return wrong("unpaired surrogate");
    }

    std::optional<unsigned> read_hex() {
        const std::string_view digits = text_.substr(std::min(at_, text_.size()), 4);
        unsigned unit = 0;
        const auto [end, failure] =
            std::from_chars(digits.data(), digits.data() + digits.size(), unit, 16);
        if (digits.size() < 4 || end != digits.data() + 4) {
            wrong("expected four hexadecimal digits");
            return std::nullopt;
        }
        at_ += 4;
        return unit;
    }

    bool skip_digits() {
        const std::size_t start = at_;
        while (peek() >= '0' && peek() <= '9') ++at_;
        return at_ > start;
    }

    bool read_number() {
        const std::size_t start = at_;
        const bool is_negative = skip('-');
        if (!skip('0') && !skip_digits()) {
            at_ = start;
            return wrong(is_negative ? "not a JSON number" : "not a JSON value");
        }
        if (skip('.') && !skip_digits()) return wrong("expected a digit");
        if (skip('e') || skip('E')) {
            if (!skip('+')) skip('-');
            if (!skip_digits()) return wrong("expected a digit");
        }
        if (fits_double(text_.substr(start, at_ - start))) return true;
        at_ = start;
        return wrong("number out of range", Errc::number_out_of_range);
    }

    /// A number too close to zero is accepted and becomes zero. So is every integer of 64 bits.
    static bool fits_double(std::string_view number) {
        return std::isfinite(std::strtod(std::string(number).c_str(), nullptr));
    }

    std::string_view text_;
    std::size_t depth_max_;
    std::size_t at_ = 0;
    std::vector<char> open_;  ///< the closing bracket of each open container
    Errc code_ = Errc::bad_json;
    const char* what_ = "";
};

}  // namespace

Error diagnose_json(std::string_view text, std::size_t depth_max) {
    return Scanner(text, depth_max).run();
}

}  // namespace ringside
