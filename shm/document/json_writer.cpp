#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <utility>

#include "shm/base/limits.hpp"
#include "shm/document/json.hpp"
#include "shm/document/stored_key.hpp"

namespace ringside {

namespace {

constexpr std::uint64_t each_byte(unsigned char byte) noexcept {
    return 0x0101'0101'0101'0101ULL * byte;
}

/// Returns a word with bits set in the bytes that are zero; exact up to and including the first
/// one.
constexpr std::uint64_t zero_bytes(std::uint64_t word) noexcept {
    return (word - each_byte(1)) & ~word & each_byte(0x80);
}

constexpr bool is_special(unsigned char c) noexcept { return c < 0x20 || c == '"' || c == '\\'; }

/// Returns how many leading bytes of `text` need no escape. Checks eight bytes at a time.
std::size_t plain_run(const char* text, std::size_t size) noexcept {
    std::size_t i = 0;
    for (; i + 8 <= size; i += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, text + i, 8);
        const std::uint64_t controls = (word - each_byte(0x20)) & ~word & each_byte(0x80);
        const std::uint64_t special =
            controls | zero_bytes(word ^ each_byte('"')) | zero_bytes(word ^ each_byte('\\'));
        if (special != 0) break;
    }
    while (i < size && !is_special(static_cast<unsigned char>(text[i]))) ++i;
    return i;
}

/// Writes into a string that is larger than its contents, so that most steps are a single store.
class Writer {
public:
    explicit Writer(std::string& out) : out_(out), used_(out.size()) {}
    ~Writer() { out_.resize(used_); }
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    void value(const Value& value, std::size_t depth) {
        if (budget_ == 0) return literal("null");
        spend(1 + (value.is_string() ? value.size() : 0));
        switch (value.type()) {
            case ValueType::null: return literal("null");
            case ValueType::boolean: return literal(*value.as_bool() ? "true" : "false");
            case ValueType::integer: return number(*value.as_int64());
            case ValueType::unsigned_integer: return number(*value.as_uint64());
            case ValueType::real: return real(*value.as_double());
            case ValueType::string: return string(*value.as_string());
            case ValueType::array: return array(value, depth);
            case ValueType::object: return object(value, depth);
        }
    }

    void string(std::string_view text) {
        reserve(text.size() + 2);
        put('"');
        escaped(text);
        put('"');
    }

private:
    char* reserve(std::size_t bytes) {
        if (out_.size() - used_ < bytes) out_.resize(std::max(used_ + bytes + 120, 2 * used_));
        return out_.data() + used_;
    }

    /// Malformed bytes may share values or have cycles; this bounds the output for them.
    void spend(std::size_t amount) { budget_ -= std::min(budget_, amount); }

    void put(char c) {
        *reserve(1) = c;
        ++used_;
    }

    void literal(std::string_view text) {
        std::memcpy(reserve(text.size()), text.data(), text.size());
        used_ += text.size();
    }

    template <class Integer>
    void number(Integer value) {
        char* at = reserve(24);
        used_ += static_cast<std::size_t>(std::to_chars(at, at + 24, value).ptr - at);
    }

    void real(double value) {
        if (!std::isfinite(value)) return literal("null");
        char* at = reserve(40);
        char* end = std::to_chars(at, at + 32, value).ptr;
        const std::string_view text(at, static_cast<std::size_t>(end - at));
        if (text.find_first_of(".e") == std::string_view::npos) {
            *end++ = '.';
            *end++ = '0';
        }
        used_ += static_cast<std::size_t>(end - at);
    }

    void escaped(std::string_view text) {
        for (;;) {
            const std::size_t run = plain_run(text.data(), text.size());
            if (run != 0) literal(text.substr(0, run));
            if (run == text.size()) return;
            escape(text[run]);
            text.remove_prefix(run + 1);
        }
    }

    void escape(char c) {
        switch (c) {
            case '"': return literal("\\\"");
            case '\\': return literal("\\\\");
            case '\b': return literal("\\b");
            case '\f': return literal("\\f");
            case '\n': return literal("\\n");
            case '\r': return literal("\\r");
            case '\t': return literal("\\t");
            default: break;
        }
        constexpr std::string_view digits = "0123456789abcdef";
        const auto code = static_cast<unsigned char>(c);
        literal("\\u00");
        put(digits[code >> 4]);
        put(digits[code & 15]);
    }

    void key(std::string_view stored) {
        constexpr char nul_lead = '\xC0';
        if (std::memchr(stored.data(), nul_lead, stored.size()) == nullptr) return string(stored);
        std::string plain(stored.size(), '\0');
        plain.resize(write_plain_key(stored, plain.data()));
        string(plain);
    }

    void array(const Value& value, std::size_t depth) {
        if (depth == limits::envelope_depth_max) return literal("[]");
        put('[');
        bool is_first = true;
        for (const Value element : value.elements()) {
            if (budget_ == 0) break;
            if (!std::exchange(is_first, false)) put(',');
            this->value(element, depth + 1);
        }
        put(']');
    }

    void object(const Value& value, std::size_t depth) {
        if (depth == limits::envelope_depth_max) return literal("{}");
        put('{');
        bool is_first = true;
        for (const auto& [name, member] : value.members()) {
            if (budget_ == 0) break;
            spend(name.size());
            if (!std::exchange(is_first, false)) put(',');
            if (name.empty()) {
                literal("\"\"");
            } else {
                key(name);
            }
            put(':');
            this->value(member, depth + 1);
        }
        put('}');
    }

    std::string& out_;
    std::size_t used_;
    std::size_t budget_ = limits::document_bytes_max + 1;
};

}  // namespace

void append_json(const Value& value, std::string& out) { Writer(out).value(value, 0); }
void append_json_string(std::string_view text, std::string& out) { Writer(out).string(text); }

std::string to_json(const Value& value) {
    std::string out;
    append_json(value, out);
    return out;
}

}  // namespace ringside
