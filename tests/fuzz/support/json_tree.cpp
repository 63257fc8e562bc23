#include "tests/fuzz/support/json_tree.hpp"

#include <charconv>
#include <cmath>

#include "tests/fuzz/support/plain_utf8.hpp"

namespace ringside::fuzz {

namespace {

void append_utf8(std::string& out, std::uint32_t code) {
    const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
    if (code < 0x80) return put(code);
    if (code < 0x800) return put(0xC0 | code >> 6), put(0x80 | (code & 0x3F));
    if (code < 0x10000) {
        return put(0xE0 | code >> 12), put(0x80 | (code >> 6 & 0x3F)), put(0x80 | (code & 0x3F));
    }
    put(0xF0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3F));
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
}

class Parser {
public:
    explicit Parser(std::string_view text) : text_(text) {}

    ParsedJson run() {
        Json root;
        space();
        bool is_json = is_utf8_by_the_book(text_) && value(root, 0);
        space();
        is_json = is_json && at_ == text_.size();
        if (is_json) out_.value = std::move(root);
        return out_;
    }

private:
    /// Deeper than any document, but within the parser's stack.
    static constexpr std::size_t depth_max = 2000;

    [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
    bool skip(std::string_view word) {
        if (!text_.substr(at_).starts_with(word)) return false;
        at_ += word.size();
        return true;
    }
    void space() {
        while (skip(" ") || skip("\t") || skip("\n") || skip("\r")) {
        }
    }

    bool value(Json& out, std::size_t depth) {
        if (depth > depth_max) return false;
        if (peek() == '{') return object(out, depth + 1);
        if (peek() == '[') return array(out, depth + 1);
        if (peek() == '"') {
            out.type = ValueType::string;
            return string(out.string);
        }
        if (skip("null")) return true;
        if (peek() == '-' || is_digit()) return number(out);
        out.type = ValueType::boolean;
        out.boolean = peek() == 't';
        return skip("true") || skip("false");
    }

    bool array(Json& out, std::size_t depth) {
        out.type = ValueType::array;
        out_.depth = std::max(out_.depth, depth);
        skip("[");
        space();
        if (skip("]")) return true;
        do {
            space();
            if (!value(out.array.emplace_back(), depth)) return false;
            space();
        } while (skip(","));
        return skip("]");
    }

    bool object(Json& out, std::size_t depth) {
        out.type = ValueType::object;
        out_.depth = std::max(out_.depth, depth);
        skip("{");
        space();
        if (skip("}")) return true;
        do {
            std::string key;
            space();
            if (!string(key)) return false;
            space();
            if (!skip(":")) return false;
            space();
            Json member;
            if (!value(member, depth)) return false;
            const auto zeros = std::count(key.begin(), key.end(), 0);
            out_.key_bytes = std::max(out_.key_bytes, key.size() + static_cast<std::size_t>(zeros));
            const bool is_new = out.object.insert_or_assign(key, std::move(member)).second;
            out_.has_duplicate_key = out_.has_duplicate_key || !is_new;
            space();
        } while (skip(","));
        return skip("}");
    }

    bool string(std::string& out) {
        if (!skip("\"")) return false;
        while (at_ < text_.size() && peek() != '"') {
            const char c = text_[at_++];
            if (static_cast<unsigned char>(c) < 0x20) return false;
            if (c != '\\') {
                out += c;
            } else if (!escape(out)) {
                return false;
            }
        }
        return skip("\"");
    }

    bool escape(std::string& out) {
        constexpr std::string_view names = "\"\\/bfnrt";
        constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
        const std::size_t which = names.find(peek());
        if (which != std::string_view::npos) {
            ++at_;
            out += meanings[which];
            return true;
        }
        std::uint32_t code = 0;
        if (!skip("u") || !hex(code)) return false;
        if (code >= 0xDC00 && code <= 0xDFFF) return false;
        if (code >= 0xD800 && code <= 0xDBFF) {
            std::uint32_t low = 0;
            if (!skip("\\u") || !hex(low) || low < 0xDC00 || low > 0xDFFF) return false;
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        }
        append_utf8(out, code);
        return true;
    }

    bool hex(std::uint32_t& code) {
        for (int i = 0; i < 4; ++i, ++at_) {
            constexpr std::string_view digits = "0123456789abcdef";
            const char c = peek();
            const std::size_t digit = digits.find(c >= 'A' && c <= 'F' ? char(c - 'A' + 'a') : c);
            if (c == '\0' || digit == std::string_view::npos) return false;
            code = code * 16 + static_cast<std::uint32_t>(digit);
        }
        return true;
    }

    [[nodiscard]] bool is_digit() const { return peek() >= '0' && peek() <= '9'; }
    bool digits() {
        const std::size_t start = at_;
        while (is_digit()) ++at_;
        return at_ > start;
    }

    bool number(Json& out) {
        const std::size_t start = at_;
        skip("-");
        if (!skip("0") && !digits()) return false;
        const std::size_t integer_end = at_;
        if (skip(".") && !digits()) return false;
        if (skip("e") || skip("E")) {
            if (!skip("+")) skip("-");
            if (!digits()) return false;
        }
        const std::string number(text_.substr(start, at_ - start));
        at_ == integer_end ? store_integer(number, out) : store_real(number, out);
        return true;
    }

    void store_integer(const std::string& number, Json& out) {
        const char* end = number.data() + number.size();
        if (number == "-0") {
            store_real(number, out);
        } else if (std::from_chars(number.data(), end, out.integer).ec == std::errc()) {
            out.type = ValueType::integer;
        } else if (std::from_chars(number.data(), end, out.unsigned_integer).ec == std::errc()) {
            out.type = ValueType::unsigned_integer;
        } else {
            store_real(number, out);
        }
    }

    void store_real(const std::string& number, Json& out) {
        out.type = ValueType::real;
        out.real = std::strtod(number.c_str(), nullptr);
        if (!std::isfinite(out.real)) out_.has_wide_number = true;
    }

    std::string_view text_;
    std::size_t at_ = 0;
    ParsedJson out_;
};

std::string plain_key(std::string_view stored) {
    std::string plain(stored);
    for (std::size_t at = 0; (at = plain.find("\xC0\x80", at)) != std::string::npos; ++at) {
        plain.replace(at, 2, 1, '\0');
    }
    return plain;
}

}  // namespace

ParsedJson parse_json(std::string_view text) { return Parser(text).run(); }

Json tree_of(const Value& value) {
    Json out;
    out.type = value.type();
    switch (value.type()) {
        case ValueType::null: break;
        case ValueType::boolean: out.boolean = *value.as_bool(); break;
        case ValueType::integer: out.integer = *value.as_int64(); break;
        case ValueType::unsigned_integer: out.unsigned_integer = *value.as_uint64(); break;
        case ValueType::real: out.real = *value.as_double(); break;
        case ValueType::string: out.string = *value.as_string(); break;
        case ValueType::array:
            for (std::size_t i = 0; i < value.size(); ++i) out.array.push_back(tree_of(value[i]));
            break;
        case ValueType::object:
            for (std::size_t i = 0; i < value.size(); ++i) {
                const auto [key, member] = value.member(i);
                out.object.emplace(plain_key(key), tree_of(member));
            }
            break;
    }
    return out;
}

}  // namespace ringside::fuzz
